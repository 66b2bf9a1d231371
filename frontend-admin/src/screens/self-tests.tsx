import { useState } from 'react';
import { Button } from '@app/ui/button';
import { Icon } from '@app/ui/icon';
import { Row, Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import type { PushTest, SelfTest, TestOutcome } from '../api/records';
import { useDashboard } from '../app/use-dashboard';
import { said, useWords } from '../i18n';

/** Tries what the instance needs, now. */
export function SelfTests() {
  const t = useWords().tests;
  return (
    <Section title={t.title}>
      <MailTest />
      <PushServices />
    </Section>
  );
}

/** A letter to whoever asks, and what came of it. */
export function MailTest() {
  const t = useWords().tests;
  const { dashboard } = useDashboard();
  const [found, setFound] = useState<SelfTest | null>(null);
  const send = useAction(async () => {
    setFound(null);
    setFound(await dashboard.testMail());
  });
  return (
    <>
      <Row
        start={<Sign outcomes={found ? [found.outcome] : []} />}
        title={t.mail}
        text={found ? said(t.outcomes, found.outcome) + (found.detail ? ` (${found.detail})` : '') : t.mailText}
        end={
          <Button busy={send.busy} aria-label={`${t.mail}: ${t.run}`} onClick={() => void send.run()}>
            {t.run}
          </Button>
        }
      />
      <Problem text={send.problem} />
    </>
  );
}

/** Whether the server reaches those who wake devices. */
function PushServices() {
  const t = useWords().tests;
  const { dashboard } = useDashboard();
  const [found, setFound] = useState<PushTest | null>(null);
  const look = useAction(async () => {
    setFound(null);
    setFound(await dashboard.testPush());
  });
  return (
    <>
      <Row
        start={<Sign outcomes={found?.services.map(one => one.outcome) ?? []} />}
        title={t.push}
        text={
          found
            ? found.services.length === 0
              ? t.outcomes.off
              : found.services.map(one => `${one.service}: ${said(t.outcomes, one.outcome)}`).join(' · ')
            : t.pushText
        }
        end={
          <Button busy={look.busy} aria-label={`${t.push}: ${t.run}`} onClick={() => void look.run()}>
            {t.run}
          </Button>
        }
      />
      <Problem text={look.problem} />
    </>
  );
}

function Sign({ outcomes }: { readonly outcomes: readonly TestOutcome[] }) {
  if (outcomes.length === 0 || outcomes.every(one => one === 'off')) return <Icon name="info" />;
  return <Icon name={outcomes.every(one => one === 'ok') ? 'check' : 'warning'} />;
}
