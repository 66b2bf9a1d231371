import type { Root } from 'react-dom/client';
import type { Client } from '../client';
import { LanguageProvider } from '../i18n';
import { connectDrafts } from '../page/drafts';
import { connectFiles } from '../page/opened-files';
import { ClientContext } from '../page/use-client';
import { Toasts } from '../ui/toasts';
import { App } from './app';
import { ErrorBoundary } from './error-boundary';

/** Draws the app for an account. */
export function start(root: Root, client: Client): void {
  connectDrafts(client);
  connectFiles(client);
  root.render(
    <LanguageProvider>
      <ErrorBoundary>
        <ClientContext value={client}>
          <Toasts>
            <App />
          </Toasts>
        </ClientContext>
      </ErrorBoundary>
    </LanguageProvider>,
  );
}
