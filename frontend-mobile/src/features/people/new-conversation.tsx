import { useState, type FormEvent } from 'react';
import { useLive, type Contact, type Id, type Me } from '../../client';
import { useTexts } from '../../i18n';
import { linkSecret, navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Pane, Row, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { QrScanner } from '../../ui/qr-scanner';
import { Tile } from '../../ui/tile';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import { ContactLink } from '../../ui/contact-link';
import styles from './new-conversation.module.css';

/** Begins a conversation: with somebody by handle, contact link or QR code, with somebody one knows, or with a group. */
export function NewConversation({ me }: { readonly me: Me }) {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  const contacts = useLive(client.contacts);
  const [scanning, setScanning] = useState(false);
  const open = async (account: Id) => navigate(to.conversation((await client.request('conversations.direct', { account })).id));
  const find = useAction(async (typed: string) => {
    const byLink = linkSecret(typed)?.kind === 'contact' || typed.includes('#contact=');
    const contact: Contact = byLink
      ? await client.request('contacts.addByLink', { link: typed })
      : await client.request('contacts.find', { handle: typed.replace(/^@/, '') });
    await open(contact.account);
    if (byLink) say({ text: t.compose.verifiedByLink(contact.name) });
  });
  const write = useAction(open);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get('who') ?? '').trim();
    if (typed) void find.run(typed);
  };
  const known = contacts.filter(contact => !contact.blocked);

  return (
    <Pane title={t.compose.title} back={to.list}>
      <Section>
        <form className={styles.form} onSubmit={submit} noValidate>
          <TextField
            name="who"
            label={t.compose.handle}
            hint={t.compose.handleHint}
            dir="ltr"
            autoFocus
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
          />
          <Problem text={find.problem} />
          <div className={styles.actions}>
            <Button icon="scan" onClick={() => setScanning(true)} disabled={find.busy}>
              {t.compose.scan}
            </Button>
            <Button kind="primary" type="submit" icon="search" busy={find.busy}>
              {t.compose.find}
            </Button>
          </div>
        </form>
      </Section>
      <Section>
        <Row href={to.newGroup} start={<Icon name="group" />} title={t.compose.newGroup} />
      </Section>
      <Section title={t.compose.contacts}>
        {known.map(contact => (
          <Row
            key={contact.account}
            start={<Tile id={contact.account} name={contact.name} />}
            title={<bdi>{contact.name}</bdi>}
            text={contact.handle && contact.displayName && <span dir="ltr">@{contact.handle}</span>}
            onClick={() => void write.run(contact.account)}
          />
        ))}
        {known.length === 0 && <p className={styles.nobody}>{t.compose.nobody}</p>}
        <Problem text={write.problem} />
      </Section>
      {me.contactLink && (
        <Section title={t.compose.myLink} text={t.compose.myLinkText}>
          <ContactLink link={me.contactLink} label={t.compose.myLink} />
        </Section>
      )}
      {scanning && (
        <QrScanner
          onClose={() => setScanning(false)}
          onFound={text => {
            setScanning(false);
            void find.run(text);
          }}
        />
      )}
    </Pane>
  );
}
