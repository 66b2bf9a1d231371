import type { Contact } from '../../client';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Problem } from '../../ui/problem';
import { Row } from '../../ui/pane';
import { Tile } from '../../ui/tile';
import { useAction } from '../../ui/use-action';
import styles from './conversation-list.module.css';

/** People one knows and has no conversation with yet: a click begins one. */
export function PeopleHits({ people }: { readonly people: readonly Contact[] }) {
  const t = useTexts();
  const client = useClient();
  const begin = useAction(async (account: string) => navigate(to.conversation((await client.request('conversations.direct', { account })).id)));
  return (
    <section aria-label={t.list.people}>
      <h2 className={styles.heading}>{t.list.people}</h2>
      <Problem text={begin.problem} />
      {people.map(person => (
        <Row
          key={person.account}
          start={<Tile id={person.account} name={person.name} />}
          title={<bdi>{person.name}</bdi>}
          text={`@${person.handle}`}
          onClick={() => void begin.run(person.account)}
        />
      ))}
    </section>
  );
}
