import { useState } from 'react';
import { useFormats } from '@app/i18n';
import { useNow } from '@app/page/use-now';
import { Button } from '@app/ui/button';
import { ContactLink } from '@app/ui/contact-link';
import { SelectField } from '@app/ui/field';
import { Line } from '@app/ui/line';
import { Row, Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useToast } from '@app/ui/toasts';
import { useAction } from '@app/ui/use-action';
import { isAtLeast, ranks, type Id, type Rank } from '../api/records';
import { useAsked, useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Confirm } from '../ui/confirm';
import styles from './screens.module.css';

const uses = [1, 2, 5, 10, 25, 100, 1000] as const;
const validities = [3600, 86_400, 604_800, 2_419_200, 31_536_000] as const;

/** Links by which people join, for one or many, with a rank below that of whoever makes them. */
export function Invites() {
  const words = useWords();
  const t = words.invites;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const mine = useRank();
  const say = useToast();
  const now = useNow(60_000);
  const invites = useAsked(dashboard.invites);
  const [people, setPeople] = useState<number>(1);
  const [validity, setValidity] = useState<number>(604_800);
  const [rank, setRank] = useState<Rank>('member');
  const [link, setLink] = useState<string | null>(null);
  const [revoked, setRevoked] = useState<Id | null>(null);
  const make = useAction(async () => {
    const made = await dashboard.invite(people, validity, rank);
    setLink(`${location.origin}/#invite=${made.secret}`);
    invites.again();
  });
  return (
    <div className={styles.fields}>
      <Section title={t.make}>
        {link ? (
          <>
            <p>{t.ready}</p>
            <ContactLink link={link} />
            <Button onClick={() => setLink(null)}>{t.another}</Button>
          </>
        ) : (
          <>
            <div className={styles.pair}>
              <SelectField label={t.uses} value={people} onChange={event => setPeople(Number(event.target.value))}>
                {uses.map(count => (
                  <option key={count} value={count}>
                    {formats.number(count)}
                  </option>
                ))}
              </SelectField>
              <SelectField label={t.valid} value={validity} onChange={event => setValidity(Number(event.target.value))}>
                {validities.map(seconds => (
                  <option key={seconds} value={seconds}>
                    {formats.duration(seconds)}
                  </option>
                ))}
              </SelectField>
              <SelectField label={t.rank} value={rank} onChange={event => setRank(event.target.value as Rank)}>
                {ranks
                  .filter(each => !isAtLeast(each, mine))
                  .map(each => (
                    <option key={each} value={each}>
                      {words.ranks[each]}
                    </option>
                  ))}
              </SelectField>
            </div>
            <Problem text={make.problem} />
            <Button kind="primary" icon="add" busy={make.busy} onClick={() => void make.run()}>
              {t.submit}
            </Button>
          </>
        )}
      </Section>
      <Section title={t.open}>
        {invites.problem && (
          <Line kind="danger" boxed icon="warning">
            {invites.problem}
          </Line>
        )}
        {invites.value === null ? (
          <p role="status">{words.loading}</p>
        ) : invites.value.length === 0 ? (
          <p className={styles.small}>{t.none}</p>
        ) : (
          invites.value.map(invite => (
            <Row
              key={invite.invite}
              title={t.left(invite.usesLeft)}
              text={`${words.ranks[invite.rank]} · ${t.until(formats.until(invite.expires * 1000, now))}`}
              end={<Button onClick={() => setRevoked(invite.invite)}>{t.revoke}</Button>}
            />
          ))
        )}
      </Section>
      {revoked && (
        <Confirm
          title={t.revoke}
          text={t.revokeText}
          danger
          act={() => dashboard.revoke(revoked)}
          onClose={() => setRevoked(null)}
          onDone={() => {
            setRevoked(null);
            say({ text: t.revoked });
            invites.again();
          }}
        />
      )}
    </div>
  );
}
