import type { Offboarded } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useToast } from '../../ui/toasts';
import { receiptText } from './receipt-text';
import styles from './receipt.module.css';

/** What became of a removed device, to be filed by whoever has to show that it is out: each conversation with the epoch from which on it reads nothing. */
export function Receipt({
  device,
  receipt,
  lost,
  onClose,
  onRecovery,
}: {
  readonly device: { readonly id: string; readonly name: string };
  readonly receipt: Offboarded;
  readonly lost: boolean;
  readonly onClose: () => void;
  readonly onRecovery: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const say = useToast();
  const text = () => receiptText(t, device, receipt);
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => say({ text: t.app.copied }),
      (error: unknown) => say({ text: explain(error, t, formats) }),
    );
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text()], { type: 'text/plain;charset=utf-8' }));
    link.download = `kavalek-${device.id.slice(0, 8)}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return (
    <Dialog
      title={t.devices.receiptTitle}
      onClose={onClose}
      actions={
        <>
          <Button icon="copy" onClick={() => void copy()}>
            {t.devices.receiptCopy}
          </Button>
          <Button icon="down" onClick={save}>
            {t.devices.receiptSave}
          </Button>
          {lost ? (
            <Button kind="primary" icon="key" onClick={onRecovery}>
              {t.devices.makeRecovery}
            </Button>
          ) : (
            <Button kind="primary" onClick={onClose}>
              {t.app.close}
            </Button>
          )}
        </>
      }
    >
      <p>
        {lost ? t.devices.lostRemoved : t.devices.removed} {lost && t.devices.lostNext}
      </p>
      <p className={styles.about}>
        <bdi>{device.name}</bdi> · <bdi translate="no">{device.id.slice(0, 8)}</bdi> · {formats.full(receipt.at)}
      </p>
      {receipt.conversations.length === 0 ? (
        <p>{t.devices.receiptNone}</p>
      ) : (
        <>
          <p>{t.devices.receiptText}</p>
          <div className={styles.scroll} tabIndex={0} role="group" aria-label={t.devices.receiptText}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t.devices.receiptConversation}</th>
                  <th scope="col">{t.devices.receiptEpoch}</th>
                </tr>
              </thead>
              <tbody>
                {receipt.conversations.map(one => (
                  <tr key={one.id}>
                    <td>
                      <bdi>{one.title}</bdi>
                    </td>
                    <td>{one.epoch ?? t.devices.receiptNotYet}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Dialog>
  );
}
