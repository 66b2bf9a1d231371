import { useState, type ReactNode } from 'react';
import { Button } from '@app/ui/button';
import { ContactLink } from '@app/ui/contact-link';
import { SelectField } from '@app/ui/field';
import { Line } from '@app/ui/line';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import type { Policy } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Checks } from './checks';
import styles from './setup.module.css';

const week = 604_800;

/** From a server that just started to one that somebody joins: what it is called, who may join, whether it is reached as it should be, the first invitation. */
export function Setup() {
  const words = useWords();
  const t = words.setup;
  const { dashboard } = useDashboard();
  const known = useAsked(async () => ({ instance: await dashboard.instance(), policy: await dashboard.policy() }));
  const [step, setStep] = useState(0);
  if (!known.value) {
    return known.problem ? (
      <Line kind="danger" boxed icon="warning">
        {known.problem}
      </Line>
    ) : (
      <p role="status">{words.loading}</p>
    );
  }
  const { instance, policy } = known.value;
  const steps: readonly { readonly title: string; readonly drawn: ReactNode }[] = [
    { title: t.who, drawn: <Named name={instance.name} /> },
    { title: t.join, drawn: <Registration policy={policy} onChanged={known.again} /> },
    { title: t.checks, drawn: <Checks /> },
    { title: t.invite, drawn: <FirstInvite /> },
  ];
  const current = steps[step]!;
  return (
    <>
      <ol className={styles.steps} aria-label={t.steps}>
        {steps.map(({ title }, at) => (
          <li key={title} aria-current={at === step ? 'step' : undefined} className={at < step ? styles.done : undefined}>
            <button type="button" onClick={() => setStep(at)}>
              <span aria-hidden="true">{at + 1}</span>
              {title}
            </button>
          </li>
        ))}
      </ol>
      <section className={styles.step} aria-labelledby="step">
        <h2 id="step">{current.title}</h2>
        {current.drawn}
        <div className={styles.ways}>
          {step > 0 && <Button onClick={() => setStep(step - 1)}>{t.back}</Button>}
          {step < steps.length - 1 ? (
            <Button kind="primary" onClick={() => setStep(step + 1)}>
              {t.next}
            </Button>
          ) : (
            <a href="#/overview" className={styles.end}>
              {t.end}
            </a>
          )}
        </div>
      </section>
    </>
  );
}

function Named({ name }: { readonly name: string }) {
  const t = useWords().setup;
  return (
    <>
      <p className={styles.text}>{t.whoText}</p>
      <dl className={styles.facts}>
        <dt>{t.name}</dt>
        <dd dir="auto">{name}</dd>
        <dt>{t.address}</dt>
        <dd dir="ltr">{location.origin}</dd>
      </dl>
    </>
  );
}

function Registration({ policy, onChanged }: { readonly policy: Policy; readonly onChanged: () => void }) {
  const words = useWords();
  const t = words.setup;
  const { dashboard } = useDashboard();
  const set = useAction(async (registration: Policy['registration']) => {
    await dashboard.setPolicy({ ...policy, number: policy.number + 1, registration });
    onChanged();
  });
  return (
    <>
      <p className={styles.text}>{t.joinText}</p>
      <SelectField
        label={words.policy.registration}
        value={policy.registration}
        disabled={set.busy}
        problem={set.problem}
        onChange={event => void set.run(event.target.value as Policy['registration'])}
      >
        <option value="invite">{words.policy.invite}</option>
        <option value="open">{words.policy.openToAll}</option>
      </SelectField>
    </>
  );
}

function FirstInvite() {
  const words = useWords();
  const t = words.setup;
  const { dashboard } = useDashboard();
  const [link, setLink] = useState<string | null>(null);
  const make = useAction(async () => {
    setLink(`${location.origin}/#invite=${(await dashboard.invite(1, week, 'member')).secret}`);
  });
  return (
    <>
      <p className={styles.text}>{t.inviteText}</p>
      {link ? (
        <Section>
          <p>{words.invites.ready}</p>
          <ContactLink link={link} />
        </Section>
      ) : (
        <Button kind="primary" icon="add" busy={make.busy} onClick={() => void make.run()}>
          {words.invites.submit}
        </Button>
      )}
      <Problem text={make.problem} />
    </>
  );
}
