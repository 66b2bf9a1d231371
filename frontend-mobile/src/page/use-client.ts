import { createContext, useContext } from 'react';
import type { Client } from '../client';

export const ClientContext = createContext<Client | null>(null);

/** The page's door to the account. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('there is no ClientContext above');
  return client;
}
