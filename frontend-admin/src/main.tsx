import { createRoot } from 'react-dom/client';
import '@app/ui/base.css';
import { ErrorBoundary } from '@app/app/error-boundary';
import { startClient } from '@app/client';
import { LanguageProvider } from '@app/i18n';
import { ClientContext } from '@app/page/use-client';
import { Toasts } from '@app/ui/toasts';
import { Dashboard } from './api/dashboard';
import { App } from './app/app';
import { translated } from './i18n';

const client = startClient();
createRoot(document.getElementById('root')!).render(
  <LanguageProvider only={translated}>
    <ErrorBoundary>
      <ClientContext value={client}>
        <Toasts>
          <App client={client} dashboard={new Dashboard(client)} />
        </Toasts>
      </ClientContext>
    </ErrorBoundary>
  </LanguageProvider>,
);
