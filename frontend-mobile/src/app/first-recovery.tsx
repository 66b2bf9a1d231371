import { RecoveryWords } from '../features/recovery/recovery-words';
import { Card } from '../features/access/card';
import { useTexts } from '../i18n';
import { navigate, to } from '../page/router';
import { useToast } from '../ui/toasts';

/** Right after the account was made, before anything can be lost. */
export function FirstRecovery() {
  const t = useTexts();
  const say = useToast();
  return (
    <Card title={t.recovery.title}>
      <RecoveryWords
        replaces={false}
        onDone={() => {
          navigate(to.list, true);
          say({ text: t.recovery.set });
        }}
        onLater={() => navigate(to.list, true)}
      />
    </Card>
  );
}
