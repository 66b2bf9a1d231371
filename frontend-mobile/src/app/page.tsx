import type { Me } from '../client';
import { Conversation } from '../features/conversation/conversation';
import { ConversationInfo } from '../features/conversation/conversation-info';
import { Devices } from '../features/devices/devices';
import { NewConversation } from '../features/people/new-conversation';
import { NewGroup } from '../features/people/new-group';
import { Safety } from '../features/people/safety';
import { RecoveryPage } from '../features/recovery/recovery-page';
import { AuditPage } from '../features/settings/audit-page';
import { SettingsPage } from '../features/settings/settings-page';
import { useTexts } from '../i18n';
import { navigate, to, type Route } from '../page/router';
import { Button } from '../ui/button';
import { Patchwork } from '../ui/mark';
import { Empty } from '../ui/pane';

/** What the address names. */
export function Page({ route, me }: { readonly route: Route; readonly me: Me }) {
  const t = useTexts();
  switch (route.page) {
    case 'list':
      return (
        <Empty art={<Patchwork />} title={t.list.nothingOpen} text={t.list.nothingOpenText}>
          <Button onClick={() => navigate(to.new)}>{t.list.begin}</Button>
        </Empty>
      );
    case 'conversation':
      return <Conversation key={route.id} id={route.id} message={route.message} me={me} />;
    case 'info':
      return <ConversationInfo key={route.id} id={route.id} />;
    case 'safety':
      return <Safety key={route.account} account={route.account} from={route.from} />;
    case 'new':
      return <NewConversation me={me} />;
    case 'new-group':
      return <NewGroup />;
    case 'settings':
      return <SettingsPage me={me} />;
    case 'devices':
      return <Devices />;
    case 'recovery':
      return <RecoveryPage />;
    case 'audit':
      return <AuditPage />;
  }
}
