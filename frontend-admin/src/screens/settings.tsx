import { useState, type FormEvent, type ReactNode } from 'react';
import { Button } from '@app/ui/button';
import { PasswordField, Switch, TextField } from '@app/ui/field';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useToast } from '@app/ui/toasts';
import { useAction } from '@app/ui/use-action';
import type { InstanceSettings, MailSettings } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { Checks } from './checks';
import styles from './screens.module.css';
import { MailTest } from './self-tests';

/** What an owner sets of the instance itself. */
export function SettingsScreen() {
  const words = useWords();
  const t = words.settings;
  const { dashboard } = useDashboard();
  const settings = useAsked(dashboard.settings);
  const [saved, setSaved] = useState<InstanceSettings | null>(null);
  const now = saved ?? settings.value;
  const say = useToast();
  if (!now) return <Waiting asked={settings} />;
  const taken = (next: InstanceSettings) => {
    setSaved(next);
    say({ text: t.saved });
  };
  return (
    <div className={styles.fields}>
      <Section title={t.name}>
        <NameForm settings={now} onSaved={taken} />
      </Section>
      <Section title={t.mail} text={t.mailText}>
        <MailForm key={JSON.stringify(now.mail)} settings={now} onSaved={taken} />
      </Section>
      {now.mail && (
        <Section title={words.tests.title}>
          <MailTest />
        </Section>
      )}
      <Section title={t.checks}>
        <Checks />
      </Section>
    </div>
  );
}

interface Form {
  readonly settings: InstanceSettings;
  /** What the button says. */
  readonly submit?: string;
  /** What else can be done, before it. */
  readonly back?: ReactNode;
  readonly onSaved: (settings: InstanceSettings) => void;
}

/** What the instance is called. */
export function NameForm({ settings, submit, back, onSaved }: Form) {
  const words = useWords();
  const t = words.settings;
  const { dashboard } = useDashboard();
  const [name, setName] = useState(settings.name);
  const save = useAction(async () => {
    onSaved(name.trim() === settings.name ? settings : await dashboard.setName(name.trim()));
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    void save.run();
  };
  return (
    <form onSubmit={send} noValidate className={styles.form}>
      <TextField label={t.name} hint={t.nameHint} value={name} maxLength={64} autoComplete="off" onChange={event => setName(event.target.value)} />
      <Problem text={save.problem} />
      <div className={styles.submit}>
        {back}
        <Button kind="primary" type="submit" busy={save.busy} disabled={name.trim() === '' || (submit === undefined && name.trim() === settings.name)}>
          {submit ?? t.save}
        </Button>
      </div>
    </form>
  );
}

const ports = { least: 1, most: 65_535, usual: 587 } as const;

/** The way to a mail server, or none. */
export function MailForm({ settings, submit, back, onSaved }: Form) {
  const words = useWords();
  const t = words.settings;
  const { dashboard } = useDashboard();
  const before = settings.mail;
  const [isOn, setOn] = useState(before !== undefined);
  const [mail, setMail] = useState({
    host: before?.host ?? '',
    port: String(before?.port ?? ports.usual),
    from: before?.from ?? '',
    user: before?.user ?? '',
    password: '',
  });
  const set = (part: Partial<typeof mail>) => setMail({ ...mail, ...part });
  const port = Number(mail.port);
  // Its password stays where it is, as long as it is for the same user of the same server.
  const isSameUser = before !== undefined && mail.host.trim() === before.host && port === before.port && mail.user.trim() === (before.user ?? '');
  const wrong = {
    host: mail.host.trim() === '' || /[\s/@]/.test(mail.host.trim()) ? t.hostWrong : null,
    port: Number.isInteger(port) && port >= ports.least && port <= ports.most ? null : t.portWrong,
    from: /^[^@\s]+@[^@\s]+$/.test(mail.from.trim()) ? null : t.fromWrong,
    password: mail.user.trim() !== '' && mail.password === '' && !isSameUser ? t.passwordWrong : null,
  };
  const [shown, setShown] = useState(false);
  const save = useAction(async () => {
    const given: MailSettings = {
      host: mail.host.trim(),
      port,
      from: mail.from.trim(),
      ...(mail.user.trim() === '' ? {} : { user: mail.user.trim() }),
      ...(mail.user.trim() === '' || mail.password === '' ? {} : { password: mail.password }),
    };
    onSaved(await dashboard.setMail(isOn ? given : null));
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!isOn && before === undefined) {
      onSaved(settings);
      return;
    }
    const isGood = !isOn || Object.values(wrong).every(one => one === null);
    setShown(!isGood);
    if (isGood) void save.run();
  };
  const problem = (field: keyof typeof wrong) => (shown ? wrong[field] : null);
  return (
    <form onSubmit={send} noValidate className={styles.form}>
      <Switch label={t.mailOn} hint={t.mailHint} on={isOn} onChange={setOn} />
      {isOn && (
        <>
          <div className={styles.host}>
            <TextField
              label={t.host}
              dir="ltr"
              value={mail.host}
              problem={problem('host')}
              {...unaided}
              onChange={event => set({ host: event.target.value })}
            />
            <TextField
              label={t.port}
              dir="ltr"
              inputMode="numeric"
              value={mail.port}
              problem={problem('port')}
              {...unaided}
              onChange={event => set({ port: event.target.value })}
            />
          </div>
          <TextField
            label={t.from}
            hint={t.fromHint}
            dir="ltr"
            inputMode="email"
            value={mail.from}
            problem={problem('from')}
            {...unaided}
            onChange={event => set({ from: event.target.value })}
          />
          <TextField label={t.user} note={t.optional} dir="ltr" value={mail.user} {...unaided} onChange={event => set({ user: event.target.value })} />
          {mail.user.trim() !== '' && (
            <PasswordField
              label={t.password}
              hint={isSameUser ? t.passwordStays : undefined}
              value={mail.password}
              problem={problem('password')}
              autoComplete="off"
              onChange={event => set({ password: event.target.value })}
            />
          )}
        </>
      )}
      <Problem text={save.problem} />
      {(submit !== undefined || isOn || before !== undefined) && (
        <div className={styles.submit}>
          {back}
          <Button kind="primary" type="submit" busy={save.busy}>
            {submit ?? t.save}
          </Button>
        </div>
      )}
    </form>
  );
}

const unaided = { autoCapitalize: 'off', autoComplete: 'off', spellCheck: false } as const;
