import { useLive } from '../../client';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Pane, Section } from '../../ui/pane';
import { useToast } from '../../ui/toasts';
import { RecoveryWords } from './recovery-words';

/** Makes the recovery key, or a new one. */
export function RecoveryPage() {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  const settings = useLive(client.settings);
  return (
    <Pane title={t.recovery.title} back={to.settings}>
      <Section text={t.recovery.state[settings?.recovery ?? 'unknown']}>
        <RecoveryWords
          replaces={settings?.recovery === 'set'}
          onDone={() => {
            navigate(to.settings, true);
            say({ text: t.recovery.set });
          }}
        />
      </Section>
    </Pane>
  );
}
