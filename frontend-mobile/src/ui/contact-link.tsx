import { useTexts } from '../i18n';
import { Button } from './button';
import styles from './contact-link.module.css';
import { QrCode } from './qr-code';
import { useToast } from './toasts';

/** A link as a QR code and to copy: an invitation, unless it is said to be something else. */
export function ContactLink({ link, label }: { readonly link: string; readonly label?: string }) {
  const t = useTexts();
  const say = useToast();
  return (
    <div className={styles.link}>
      <QrCode text={link} label={label ?? t.settings.inviteCode} />
      <p className={styles.text} dir="ltr" translate="no">
        {link}
      </p>
      <Button icon="copy" wide onClick={() => void navigator.clipboard.writeText(link).then(() => say({ text: t.app.copied }))}>
        {t.app.copy}
      </Button>
    </div>
  );
}
