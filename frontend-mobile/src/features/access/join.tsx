import { useEffect, useState, type FormEvent } from 'react';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Digits } from '../../ui/digits';
import { PasswordField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Row } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { QrScanner } from '../../ui/qr-scanner';
import { useAction } from '../../ui/use-action';
import { Card } from './card';
import styles from './join.module.css';

type Way = 'choose' | 'device' | 'words' | 'afresh';

/** A new device whose password was right: it needs the account's keys, by another device, by the recovery key, or not at all. */
export function Join() {
  const t = useTexts();
  const client = useClient();
  const [way, setWay] = useState<Way>('choose');
  const leave = useAction(() => client.request('session.logOut', { removeDevice: true }));
  const back = () => setWay('choose');

  // Another device may have let it in while this page was closed.
  useEffect(() => {
    client.request('join.check').catch(() => undefined);
  }, [client]);

  if (way === 'device') return <ByDevice onBack={back} />;
  if (way === 'words') return <ByWords onBack={back} />;
  if (way === 'afresh') return <Afresh onBack={back} />;
  return (
    <Card
      title={t.join.title}
      text={t.join.text}
      below={
        <>
          <Problem text={leave.problem} />
          <Button kind="plain" busy={leave.busy} onClick={() => void leave.run()}>
            {t.join.leave}
          </Button>
        </>
      }
    >
      <div className={styles.ways}>
        <Row start={<Icon name="device" />} title={t.join.byDevice} text={t.join.byDeviceText} onClick={() => setWay('device')} />
        <Row start={<Icon name="key" />} title={t.join.byWords} text={t.join.byWordsText} onClick={() => setWay('words')} />
        <Row start={<Icon name="warning" />} title={t.join.afresh} text={t.join.afreshText} onClick={() => setWay('afresh')} />
      </div>
    </Card>
  );
}

function Back({ onBack, disabled }: { readonly onBack: () => void; readonly disabled?: boolean }) {
  const t = useTexts();
  return (
    <Button kind="plain" icon="back" onClick={onBack} disabled={disabled}>
      {t.app.back}
    </Button>
  );
}

function ByDevice({ onBack }: { readonly onBack: () => void }) {
  const t = useTexts();
  const client = useClient();
  const [scanning, setScanning] = useState(false);
  const [match, setMatch] = useState<string | null>(null);
  const [differs, setDiffers] = useState(false);
  const begin = useAction(async (code: string) => setMatch((await client.request('join.begin', { code })).matchingCode));
  const confirm = useAction(async () => {
    try {
      await client.request('join.confirm');
    } catch (error) {
      setMatch(null);
      throw error;
    }
  });

  if (match !== null && !differs) {
    return (
      <Card title={confirm.busy ? t.join.waiting : t.join.matchTitle} text={confirm.busy ? t.join.waitingText : t.join.matchText}>
        <Digits groups={match.split(' ')} large />
        <Button kind="primary" wide busy={confirm.busy} onClick={() => void confirm.run()}>
          {t.join.matchYes}
        </Button>
        {!confirm.busy && (
          <Button kind="danger" wide onClick={() => setDiffers(true)}>
            {t.join.matchNo}
          </Button>
        )}
      </Card>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setDiffers(false);
    void begin.run(String(new FormData(event.currentTarget).get('code') ?? ''));
  };
  return (
    <Card title={t.join.byDevice} text={t.join.byDeviceText} below={<Back onBack={onBack} disabled={begin.busy} />}>
      <form onSubmit={submit} noValidate>
        <TextField
          name="code"
          label={t.join.code}
          hint={t.join.codeHint}
          dir="ltr"
          className={styles.code}
          autoFocus
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
        />
        <Problem text={differs ? t.join.matchNoText : (begin.problem ?? confirm.problem)} />
        <Button kind="primary" type="submit" wide busy={begin.busy}>
          {begin.busy ? t.join.connecting : t.join.connect}
        </Button>
        <Button wide icon="scan" onClick={() => setScanning(true)} disabled={begin.busy}>
          {t.join.scan}
        </Button>
      </form>
      {scanning && (
        <QrScanner
          onClose={() => setScanning(false)}
          onFound={text => {
            setScanning(false);
            setDiffers(false);
            void begin.run(text);
          }}
        />
      )}
    </Card>
  );
}

function ByWords({ onBack }: { readonly onBack: () => void }) {
  const t = useTexts();
  const client = useClient();
  const recover = useAction((words: string) => client.request('join.recover', { words }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void recover.run(String(new FormData(event.currentTarget).get('words') ?? ''));
  };
  return (
    <Card title={t.join.byWords} text={t.join.wordsHint} below={<Back onBack={onBack} disabled={recover.busy} />}>
      <form onSubmit={submit} noValidate>
        <label className={styles.words}>
          <span>{t.join.words}</span>
          <textarea name="words" rows={4} dir="auto" autoFocus autoCapitalize="off" autoComplete="off" spellCheck={false} />
        </label>
        <Problem text={recover.problem} />
        <Button kind="primary" type="submit" wide busy={recover.busy}>
          {recover.busy ? t.join.recovering : t.join.recover}
        </Button>
      </form>
    </Card>
  );
}

function Afresh({ onBack }: { readonly onBack: () => void }) {
  const t = useTexts();
  const client = useClient();
  const begin = useAction((password: string) => client.request('join.beginAfresh', { password }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    navigate(to.recovery, true);
    void begin.run(String(new FormData(event.currentTarget).get('password') ?? ''));
  };
  return (
    <Card title={t.join.afreshTitle} below={<Back onBack={onBack} disabled={begin.busy} />}>
      <ul className={styles.losses}>
        {t.join.afreshList.map(line => (
          <li key={line}>
            <Icon name="close" small />
            {line}
          </li>
        ))}
      </ul>
      <p>{t.join.afreshKeep}</p>
      <form onSubmit={submit} noValidate>
        <PasswordField name="password" label={t.join.afreshConfirm} autoComplete="current-password" />
        <Problem text={begin.problem} />
        <Button kind="danger" type="submit" wide busy={begin.busy}>
          {t.join.afreshSubmit}
        </Button>
      </form>
    </Card>
  );
}
