import { useCallback, useEffect, useState } from 'react';
import type { Invite } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { ContactLink } from '../../ui/contact-link';
import { SelectField } from '../../ui/field';
import { Row, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './settings-page.module.css';

const uses = [1, 5, 25, 100] as const;
const validities = [86_400, 604_800, 2_419_200] as const;

/** Invitations to this server; shown to those whose account may make them. */
export function Invites() {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const [invites, setInvites] = useState<readonly Invite[] | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const [people, setPeople] = useState<number>(1);
  const [validity, setValidity] = useState<number>(604_800);
  // Whoever may not make invitations is refused the list, and sees nothing of this.
  const read = useCallback(() => {
    client
      .request('invites.list')
      .then(setInvites)
      .catch(() => undefined);
  }, [client]);
  useEffect(read, [read]);
  const make = useAction(async () => {
    setLink((await client.request('invites.create', { uses: people, validity })).link);
    read();
  });
  const revoke = useAction(async (invite: string) => {
    await client.request('invites.revoke', { invite });
    read();
  });
  if (!invites) return null;
  return (
    <Section title={t.settings.invites} text={t.settings.invitesText}>
      {link && (
        <>
          <p>{t.settings.inviteReady}</p>
          <ContactLink link={link} />
        </>
      )}
      <div className={styles.pair}>
        <SelectField label={t.settings.inviteUses} value={people} onChange={event => setPeople(Number(event.target.value))}>
          {uses.map(count => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </SelectField>
        <SelectField label={t.settings.inviteValid} value={validity} onChange={event => setValidity(Number(event.target.value))}>
          {validities.map(seconds => (
            <option key={seconds} value={seconds}>
              {formats.duration(seconds)}
            </option>
          ))}
        </SelectField>
      </div>
      <Button icon="add" wide busy={make.busy} onClick={() => void make.run()}>
        {t.settings.inviteMake}
      </Button>
      <Problem text={make.problem ?? revoke.problem} />
      {invites.length === 0 ? (
        <p className={styles.small}>{t.settings.inviteNone}</p>
      ) : (
        <div>
          {invites.map(invite => (
            <Row
              key={invite.id}
              title={t.settings.inviteLeft(invite.usesLeft)}
              text={t.settings.inviteUntil(formats.full(invite.expires))}
              end={<Button onClick={() => void revoke.run(invite.id)}>{t.settings.inviteRevoke}</Button>}
            />
          ))}
        </div>
      )}
    </Section>
  );
}
