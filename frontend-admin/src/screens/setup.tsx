import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useLive } from '@app/client';
import { Button } from '@app/ui/button';
import { ContactLink } from '@app/ui/contact-link';
import { SelectField } from '@app/ui/field';
import { Line } from '@app/ui/line';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useToast } from '@app/ui/toasts';
import { useAction } from '@app/ui/use-action';
import type { InstanceSettings, Policy, SetUpState } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { Checks } from './checks';
import { MailTest } from './self-tests';
import { MailForm, NameForm } from './settings';
import styles from './setup.module.css';

const week = 604_800;

/** From a server that just started to one that somebody joins: what it is called, who may join, mail, whether it is reached as it should be, the first invitation. */
export function Setup() {
  const { dashboard } = useDashboard();
  const state = useLive(dashboard.setUp);
  return state && <Steps state={state} />;
}

function Steps({ state }: { readonly state: SetUpState }) {
  const words = useWords();
  const t = words.setup;
  const [step, setStep] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  // What was clicked is gone with its step: whoever goes by keyboard or listens begins at the next one's title.
  useEffect(() => {
    if (shown.current !== step) heading.current?.focus();
    shown.current = step;
  }, [step]);
  const { settings } = state;
  const next = () => setStep(step + 1);
  const back = step > 0 && <Button onClick={() => setStep(step - 1)}>{t.back}</Button>;
  const steps: readonly { readonly title: string; readonly drawn: ReactNode }[] = [
    {
      title: t.who,
      drawn: (
        <>
          <Address told={state.origin} />
          <NameForm settings={settings} submit={t.next} onSaved={next} />
        </>
      ),
    },
    { title: t.join, drawn: <Registration back={back} onDone={next} /> },
    { title: t.mail, drawn: <Mail settings={settings} back={back} onDone={next} /> },
    {
      title: t.checks,
      drawn: (
        <>
          <Checks />
          <div className={styles.ways}>
            {back}
            <Button kind="primary" onClick={next}>
              {t.next}
            </Button>
          </div>
        </>
      ),
    },
    { title: t.invite, drawn: <FirstInvite back={back} /> },
  ];
  const current = steps[step]!;
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <ol className={styles.steps} aria-label={t.steps}>
        {steps.map(({ title }, at) => (
          <li key={title} aria-current={at === step ? 'step' : undefined} className={at < step ? styles.done : undefined}>
            <button type="button" onClick={() => setStep(at)}>
              <span aria-hidden="true" className={styles.number}>
                {at + 1}
              </span>
              <span className={styles.title}>{title}</span>
            </button>
          </li>
        ))}
      </ol>
      <section className={styles.step} aria-labelledby="step">
        <h2 id="step" ref={heading} tabIndex={-1}>
          {current.title}
        </h2>
        {current.drawn}
      </section>
    </>
  );
}

/** Under which address people reach it, and what the server was told of that. */
function Address({ told }: { readonly told: string | undefined }) {
  const t = useWords().setup;
  return (
    <>
      <p className={styles.text}>{t.whoText}</p>
      <dl className={styles.facts}>
        <dt>{t.address}</dt>
        <dd dir="ltr">{location.origin}</dd>
      </dl>
      {told !== undefined && told !== location.origin && (
        <Line kind="attention" boxed icon="warning">
          {t.otherAddress(told)}
        </Line>
      )}
    </>
  );
}

function Registration({ back, onDone }: { readonly back: ReactNode; readonly onDone: () => void }) {
  const { dashboard } = useDashboard();
  const policy = useAsked(() => dashboard.policy());
  return policy.value ? <RegistrationForm policy={policy.value} back={back} onDone={onDone} /> : <Waiting asked={policy} />;
}

function RegistrationForm({ policy, back, onDone }: { readonly policy: Policy; readonly back: ReactNode; readonly onDone: () => void }) {
  const words = useWords();
  const t = words.setup;
  const { dashboard } = useDashboard();
  const [registration, setRegistration] = useState(policy.registration);
  const save = useAction(async () => {
    if (registration !== policy.registration) await dashboard.setPolicy({ ...policy, number: policy.number + 1, registration });
    onDone();
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    void save.run();
  };
  return (
    <form onSubmit={send} className={styles.form}>
      <p className={styles.text}>{t.joinText}</p>
      <SelectField label={words.policy.registration} value={registration} onChange={event => setRegistration(event.target.value as Policy['registration'])}>
        <option value="invite">{words.policy.invite}</option>
        <option value="open">{words.policy.openToAll}</option>
      </SelectField>
      <Problem text={save.problem} />
      <div className={styles.ways}>
        {back}
        <Button kind="primary" type="submit" busy={save.busy}>
          {t.next}
        </Button>
      </div>
    </form>
  );
}

/** Nothing needs it; whoever sets it up can try it before going on. */
function Mail({ settings, back, onDone }: { readonly settings: InstanceSettings; readonly back: ReactNode; readonly onDone: () => void }) {
  const words = useWords();
  const t = words.setup;
  const [isTrying, setTrying] = useState(false);
  return (
    <>
      <p className={styles.text}>{words.settings.mailText}</p>
      {isTrying ? (
        <>
          <Section>
            <MailTest />
          </Section>
          <div className={styles.ways}>
            <Button onClick={() => setTrying(false)}>{t.change}</Button>
            <Button kind="primary" onClick={onDone}>
              {t.next}
            </Button>
          </div>
        </>
      ) : (
        <MailForm
          settings={settings}
          submit={t.next}
          back={back}
          onSaved={saved => {
            // What was set up is tried before one goes on.
            if (saved.mail) setTrying(true);
            else onDone();
          }}
        />
      )}
    </>
  );
}

function FirstInvite({ back }: { readonly back: ReactNode }) {
  const words = useWords();
  const t = words.setup;
  const { dashboard } = useDashboard();
  const say = useToast();
  const [link, setLink] = useState<string | null>(null);
  const make = useAction(async () => {
    setLink(`${location.origin}/#invite=${(await dashboard.invite(1, week, 'member')).secret}`);
  });
  const finish = useAction(async () => {
    await dashboard.finishSetUp();
    location.hash = '#/overview';
    say({ text: t.finished });
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
        <Button icon="add" busy={make.busy} onClick={() => void make.run()}>
          {words.invites.submit}
        </Button>
      )}
      <Problem text={make.problem ?? finish.problem} />
      <p className={styles.text}>{t.finishText}</p>
      <div className={styles.ways}>
        {back}
        <Button kind="primary" busy={finish.busy} onClick={() => void finish.run()}>
          {t.finish}
        </Button>
      </div>
    </>
  );
}
