import { createRoot } from 'react-dom/client';
import '@app/ui/base.css';
import { startClient } from '@app/client';
import { LanguageProvider } from '@app/i18n';
import { Toasts } from '@app/ui/toasts';
import { Dashboard } from './api/dashboard';
import { App } from './app/app';

const client = startClient();
createRoot(document.getElementById('root')!).render(
  <LanguageProvider>
    <Toasts>
      <App client={client} dashboard={new Dashboard(client)} />
    </Toasts>
  </LanguageProvider>,
);
