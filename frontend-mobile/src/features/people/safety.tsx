import { useEffect, useRef, useState } from 'react';
import type { Contact, Id, SafetyNumber } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Digits } from '../../ui/digits';
import { Line } from '../../ui/line';
import { Pane, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { QrCode } from '../../ui/qr-code';
import { QrScanner } from '../../ui/qr-scanner';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import styles from './safety.module.css';

/** How every code of a safety number begins (docs/PROTOCOL.md §3.4): what begins otherwise says nothing of a key. */
const codeBegins = 'kavalek:v1:';

/** What two people compare to know that nobody stands between them. */
export function Safety({ account, from }: { readonly account: Id; readonly from: Id | null }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const [contact, setContact] = useState<Contact | null>(null);
  const [number, setNumber] = useState<SafetyNumber | null>(null);
  // Of a key that came while the digits of the one before were compared: they do not change under somebody's eyes.
  const [next, setNext] = useState<SafetyNumber | null>(null);
  const shown = useRef<SafetyNumber | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [scanning, setScanning] = useState(false);
  const [differs, setDiffers] = useState(false);
  const [otherCode, setOtherCode] = useState(false);

  useEffect(() => {
    let over = false;
    const read = async () => {
      try {
        const [person, digits] = await Promise.all([client.request('contacts.get', { account }), client.request('contacts.safetyNumber', { account })]);
        if (over) return;
        setContact(person);
        if (shown.current && shown.current.groups.join() !== digits.groups.join()) {
          setNext(digits);
          return;
        }
        shown.current = digits;
        setNumber(digits);
        setNext(null);
      } catch (error) {
        if (!over) setProblem(explain(error, t, formats));
      }
    };
    void read();
    const end = client.onEvent(event => {
      if ((event.type === 'contact' || event.type === 'key.changed') && event.contact.account === account) void read();
    });
    return () => {
      over = true;
      end();
    };
  }, [client, account, t, formats]);

  const verify = useAction(async (compared: string) => {
    try {
      setContact(await client.request('contacts.verify', { account, compared }));
      say({ text: t.safety.verified(contact?.name ?? '') });
    } catch (error) {
      if (isMismatch(error)) setDiffers(true);
      throw error;
    }
  });

  return (
    <Pane title={t.safety.title} back={from ? to.conversation(from) : to.list}>
      <Problem text={problem} />
      {contact && number && (
        <>
          <p className={styles.text}>{t.safety.text(contact.name)}</p>
          {contact.trust === 'verified' && (
            <Line boxed icon="shieldCheck">
              {t.safety.verified(contact.name)}
            </Line>
          )}
          {contact.trust === 'unverified' && (
            <Line boxed icon="shield">
              {t.safety.unverified}
            </Line>
          )}
          {(contact.trust === 'changed' || contact.trust === 'verified_changed') && (
            <Line boxed kind="attention" icon="warning">
              {t.safety.changed}
            </Line>
          )}
          {next && (
            <Line
              boxed
              kind="danger"
              icon="warning"
              actions={
                <Button
                  onClick={() => {
                    shown.current = next;
                    setNumber(next);
                    setNext(null);
                  }}
                >
                  {t.safety.showNew}
                </Button>
              }
            >
              {t.safety.moved}
            </Line>
          )}
          <Section>
            <QrCode text={number.qr} label={t.safety.code} />
            <Digits groups={number.groups} />
          </Section>
          <Problem text={otherCode ? t.safety.otherCode : verify.problem} />
          <div className={styles.actions}>
            <Button icon="scan" onClick={() => setScanning(true)} disabled={verify.busy || next !== null}>
              {t.safety.scan}
            </Button>
            <Button kind="danger" onClick={() => setDiffers(true)}>
              {t.safety.differs}
            </Button>
            {contact.trust !== 'verified' && (
              <Button
                kind="primary"
                icon="check"
                busy={verify.busy}
                disabled={next !== null}
                onClick={() => {
                  setOtherCode(false);
                  void verify.run(number.groups.join(''));
                }}
              >
                {t.safety.same}
              </Button>
            )}
          </div>
          {differs && (
            <Dialog title={t.safety.differsTitle} onClose={() => setDiffers(false)} actions={<Button onClick={() => setDiffers(false)}>{t.app.close}</Button>}>
              <p>{t.safety.differsText(contact.name)}</p>
            </Dialog>
          )}
        </>
      )}
      {scanning && (
        <QrScanner
          onClose={() => setScanning(false)}
          onFound={text => {
            setScanning(false);
            setOtherCode(!text.startsWith(codeBegins));
            if (text.startsWith(codeBegins)) void verify.run(text);
          }}
        />
      )}
    </Pane>
  );
}

function isMismatch(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'safety_number_mismatch';
}
