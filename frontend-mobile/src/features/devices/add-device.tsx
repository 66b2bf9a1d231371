import { useEffect, useState } from 'react';
import type { DeviceLink } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { useNow } from '../../page/use-now';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Digits } from '../../ui/digits';
import { Problem } from '../../ui/problem';
import { QrCode } from '../../ui/qr-code';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import styles from './add-device.module.css';

/** Seconds that a code lasts (docs/PROTOCOL.md §5.3); this page's clock ticks a little behind. */
const lasts = 60;

/** Lets a new device in: its code, then the digits to compare, then the yes. */
export function AddDevice({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const now = useNow(1000);
  const [round, setRound] = useState(0);
  const [link, setLink] = useState<DeviceLink | null>(null);
  const [match, setMatch] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    let over = false;
    const end = client.onEvent(event => {
      if (event.type === 'link.joined') setMatch(event.matchingCode);
      if (event.type === 'link.ended') {
        setLink(null);
        setMatch(null);
        setProblem(explain(event.error, t, formats));
      }
    });
    client
      .request('link.begin')
      .then(begun => !over && setLink(begun))
      .catch((error: unknown) => !over && setProblem(explain(error, t, formats)));
    return () => {
      over = true;
      end();
      client.request('link.cancel').catch(() => undefined);
    };
  }, [client, t, formats, round]);

  const grant = useAction(async () => {
    await client.request('link.grant');
    say({ text: t.devices.granted });
    onClose();
  });
  const again = () => {
    setProblem(null);
    setLink(null);
    setMatch(null);
    grant.forget();
    setRound(round + 1);
  };

  if (match !== null) {
    return (
      <Dialog
        title={t.devices.matchTitle}
        onClose={onClose}
        actions={
          <>
            <Button kind="danger" onClick={onClose} disabled={grant.busy}>
              {t.devices.matchNo}
            </Button>
            <Button kind="primary" busy={grant.busy} onClick={() => void grant.run()}>
              {grant.busy ? t.devices.granting : t.devices.matchYes}
            </Button>
          </>
        }
      >
        <p>{t.devices.matchText}</p>
        <Digits groups={match.split(' ')} large />
        <Problem text={grant.problem} />
      </Dialog>
    );
  }
  const left = link ? Math.max(0, Math.min(lasts, Math.ceil((link.expires - now) / 1000))) : 0;
  return (
    <Dialog title={t.devices.add} onClose={onClose} actions={problem ? <Button onClick={again}>{t.app.tryAgain}</Button> : null}>
      {problem ? (
        <Problem text={problem} />
      ) : (
        <>
          <p>{t.devices.addText}</p>
          {link && (
            <>
              <QrCode text={link.qr} label={t.devices.add} />
              <p className={styles.code} dir="ltr" translate="no">
                {link.code}
              </p>
              <p className={styles.left}>
                {t.devices.waitingFor} <span aria-hidden="true">{t.devices.codeLeft(left)}</span>
              </p>
            </>
          )}
        </>
      )}
    </Dialog>
  );
}
