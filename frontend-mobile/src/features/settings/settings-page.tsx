import { useState, type FormEvent } from 'react';
import { useLive, type Me } from '../../client';
import { languages, useFormats, useLanguage, useTexts, type LanguageChoice } from '../../i18n';
import { usePreferences, type Preferences } from '../../page/preferences';
import { to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { SelectField, Switch, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Pane, Row, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { Tile } from '../../ui/tile';
import { timerChoices } from '../../ui/timers';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import { ChangePassword } from './change-password';
import { HistorySection } from './history-section';
import { Invites } from './invites';
import { DeleteAccount, LogOut } from './leaving';
import { NotificationsSection } from './notifications-section';
import styles from './settings-page.module.css';

const lockChoices = [60, 300, 900, 3600, 28_800] as const;

/** Everything about the account and this device that can be set. */
export function SettingsPage({ me }: { readonly me: Me }) {
  const t = useTexts();
  const [dialog, setDialog] = useState<'password' | 'log-out' | 'delete' | null>(null);
  const client = useClient();
  const settings = useLive(client.settings);
  const close = () => setDialog(null);
  return (
    <Pane title={t.settings.title} back={to.list}>
      <div className={styles.head}>
        <Tile id={me.id} name={me.displayName ?? me.handle} size="l" />
        <p className={styles.handle} dir="ltr">
          @{me.handle}
        </p>
        <p className={styles.where}>
          <span dir="ltr">{me.email}</span> · <span dir="ltr">{host(me.server)}</span>
        </p>
      </div>
      <Name me={me} />
      <Appearance />
      <NotificationsSection />
      <Privacy />
      <Section title={t.settings.security}>
        <Row href={to.devices} start={<Icon name="device" />} title={t.settings.devices} />
        <Row href={to.recovery} start={<Icon name="key" />} title={t.settings.recovery} text={t.recovery.state[settings?.recovery ?? 'unknown']} />
        <Row start={<Icon name="pencil" />} title={t.settings.password} onClick={() => setDialog('password')} />
      </Section>
      <AutoLock />
      <HistorySection />
      <Invites />
      <Section title={t.settings.server}>
        <Row href={to.audit} start={<Icon name="select" />} title={t.settings.audit} text={t.settings.auditText} />
        <Row href="/admin" start={<Icon name="shield" />} title={t.settings.dashboard} text={t.settings.dashboardText} />
      </Section>
      <Section title={t.settings.leaving}>
        <Row start={<Icon name="leave" />} title={t.settings.logOut} onClick={() => setDialog('log-out')} />
        <Row danger start={<Icon name="close" />} title={t.settings.deleteAccount} onClick={() => setDialog('delete')} />
      </Section>
      {dialog === 'password' && <ChangePassword onClose={close} />}
      {dialog === 'log-out' && <LogOut onClose={close} />}
      {dialog === 'delete' && <DeleteAccount onClose={close} />}
    </Pane>
  );
}

function host(server: string): string {
  try {
    return new URL(server).host;
  } catch {
    return server;
  }
}

function Name({ me }: { readonly me: Me }) {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  const save = useAction(async (name: string) => {
    await client.request('me.setDisplayName', { name });
    say({ text: t.settings.saved });
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name') ?? '').trim();
    if (name && name !== me.displayName) void save.run(name);
  };
  return (
    <Section title={t.settings.profile}>
      <form className={styles.line} onSubmit={submit} noValidate>
        <TextField
          name="name"
          label={t.settings.name}
          hint={t.settings.nameHint}
          problem={save.problem}
          defaultValue={me.displayName ?? ''}
          maxLength={60}
          autoComplete="off"
        />
        <Button type="submit" busy={save.busy}>
          {t.app.save}
        </Button>
      </form>
    </Section>
  );
}

function Appearance() {
  const t = useTexts();
  const { choice, choose } = useLanguage();
  const [preferences, change] = usePreferences();
  return (
    <Section title={t.settings.appearance}>
      <SelectField label={t.settings.language} value={choice} onChange={event => choose(event.target.value as LanguageChoice)}>
        <option value="system">{t.settings.languageSystem}</option>
        {Object.entries(languages).map(([code, { name }]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField label={t.settings.theme} value={preferences.theme} onChange={event => change({ theme: event.target.value as Preferences['theme'] })}>
        <option value="system">{t.settings.themes.system}</option>
        <option value="light">{t.settings.themes.light}</option>
        <option value="dark">{t.settings.themes.dark}</option>
      </SelectField>
      <Switch
        label={t.settings.hidePreviews}
        hint={t.settings.hidePreviewsText}
        on={preferences.hidePreviews}
        onChange={hidePreviews => change({ hidePreviews })}
      />
    </Section>
  );
}

const receipts = { both: [true, true], delivered: [true, false], none: [false, false] } as const;

function Privacy() {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const settings = useLive(client.settings);
  const chosen = settings?.receipts.read ? 'both' : settings?.receipts.delivered ? 'delivered' : 'none';
  const setReceipts = useAction(async (kind: keyof typeof receipts) => {
    const [delivered, read] = receipts[kind];
    await client.request('settings.setReceipts', { delivered, read });
    say({ text: t.settings.saved });
  });
  const setTimer = useAction((timer: number | null) => client.request('settings.setDefaultTimer', { timer }));
  return (
    <Section title={t.settings.privacy}>
      <SelectField
        label={t.settings.receipts}
        hint={t.settings.receiptsText}
        problem={setReceipts.problem}
        value={chosen}
        disabled={!settings || setReceipts.busy}
        onChange={event => void setReceipts.run(event.target.value as keyof typeof receipts)}
      >
        <option value="both">{t.settings.receiptsChoices.both}</option>
        <option value="delivered">{t.settings.receiptsChoices.delivered}</option>
        <option value="none">{t.settings.receiptsChoices.none}</option>
      </SelectField>
      <SelectField
        label={t.settings.defaultTimer}
        problem={setTimer.problem}
        value={settings?.defaultTimer ?? 0}
        disabled={!settings || setTimer.busy}
        onChange={event => void setTimer.run(Number(event.target.value) || null)}
      >
        <option value={0}>{t.info.timerOff}</option>
        {timerChoices(settings?.defaultTimer ?? null).map(seconds => (
          <option key={seconds} value={seconds}>
            {formats.duration(seconds)}
          </option>
        ))}
      </SelectField>
    </Section>
  );
}

function AutoLock() {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const settings = useLive(client.settings);
  const set = useAction((idle: number | null) => client.request('settings.setAutoLock', { idle }));
  const lock = useAction(() => client.request('session.lock'));
  const current = settings?.autoLock ?? 0;
  const choices: readonly number[] = current === 0 || lockChoices.some(one => one === current) ? lockChoices : [...lockChoices, current].sort((a, b) => a - b);
  return (
    <Section>
      <SelectField
        label={t.settings.autoLock}
        hint={t.settings.autoLockText}
        problem={set.problem}
        value={current}
        disabled={!settings || set.busy}
        onChange={event => void set.run(Number(event.target.value) || null)}
      >
        <option value={0}>{t.settings.never}</option>
        {choices.map(seconds => (
          <option key={seconds} value={seconds}>
            {formats.duration(seconds)}
          </option>
        ))}
      </SelectField>
      <Button icon="lock" wide busy={lock.busy} onClick={() => void lock.run()}>
        {t.settings.lockNow}
      </Button>
      <Problem text={lock.problem} />
    </Section>
  );
}
