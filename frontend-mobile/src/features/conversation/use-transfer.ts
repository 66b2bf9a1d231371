import { useEffect, useState } from 'react';
import type { Id, Transfer } from '../../client';
import { useClient } from '../../page/use-client';

/** How far an attachment is on its way; `null` while it is not. */
export function useTransfer(attachment: Id): Transfer | null {
  const client = useClient();
  const [transfer, setTransfer] = useState<Transfer | null>(null);
  useEffect(
    () =>
      client.onEvent(event => {
        if (event.type === 'transfer' && event.transfer.attachment === attachment) setTransfer(event.transfer);
      }),
    [client, attachment],
  );
  return transfer;
}
