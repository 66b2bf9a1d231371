import { memo, useCallback, useEffect, useState, type FormEvent } from 'react';
import { Button } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { SelectField, TextField } from '@app/ui/field';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { Tile } from '@app/ui/tile';
import { useAction } from '@app/ui/use-action';
import { ranks, type Person, type PersonState, type Rank } from '../api/records';
import { useDashboard } from '../app/use-dashboard';
import { usePages } from '../app/use-pages';
import { useWords } from '../i18n';
import { More, Waiting } from '../ui/asked';
import { PersonDialog } from './person';
import styles from './screens.module.css';

const states: readonly PersonState[] = ['active', 'suspended', 'left'];

/** Who is on the instance, in what standing. The server pages and searches; an address is found only whole. */
export function People() {
  const words = useWords();
  const t = words.people;
  const { dashboard } = useDashboard();
  const [search, setSearch] = useState('');
  const [rank, setRank] = useState<Rank | ''>('');
  const [state, setState] = useState<PersonState | ''>('');
  const [open, setOpen] = useState<Person | null>(null);
  const settled = useSettled(search);
  const question = {
    search: settled
      .trim()
      .toLowerCase()
      .replace(/^@/, '')
      .replace(/[^a-z0-9_.]/g, '')
      .slice(0, 32),
    rank,
    state,
  };
  const pages = usePages(async (after: string | null) => {
    const { people, total, next } = await dashboard.people({ ...question, after });
    return { rows: people, total, next };
  }, JSON.stringify(question));
  const { first, rows: people } = pages;
  const changed = useCallback(() => {
    setOpen(null);
    first.again();
  }, [first]);
  return (
    <>
      <div className={styles.bar}>
        <TextField
          label={t.search}
          type="search"
          value={search}
          dir="ltr"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          onChange={event => setSearch(event.target.value)}
        />
        <SelectField label={t.rank} value={rank} onChange={event => setRank(event.target.value as Rank | '')}>
          <option value="">{t.any}</option>
          {ranks.map(each => (
            <option key={each} value={each}>
              {words.ranks[each]}
            </option>
          ))}
        </SelectField>
        <SelectField label={t.state} value={state} onChange={event => setState(event.target.value as PersonState | '')}>
          <option value="">{t.any}</option>
          {states.map(each => (
            <option key={each} value={each}>
              {words.states[each]}
            </option>
          ))}
        </SelectField>
      </div>
      <Waiting asked={first} />
      {first.value && (
        <p role="status" className={styles.small}>
          {first.value.total === 0 ? t.none : t.total(first.value.total)}
        </p>
      )}
      {people.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.handle}</th>
              <th scope="col">{t.rank}</th>
              <th scope="col" className={styles.wide}>
                {t.state}
              </th>
              <th scope="col" className={styles.wide}>
                {t.devices}
              </th>
            </tr>
          </thead>
          <tbody>
            {people.map(person => (
              <PersonRow key={person.account} person={person} onOpen={setOpen} />
            ))}
          </tbody>
        </table>
      )}
      <More pages={pages} />
      <div className={styles.fields}>
        <FindByMail onFound={setOpen} />
      </div>
      {open && <PersonDialog person={open} onClose={() => setOpen(null)} onChanged={changed} />}
    </>
  );
}

/** One of them. Drawn again only when the server says something else of it: there may be hundreds, and whoever searches types. */
const PersonRow = memo(function PersonRow({ person, onOpen }: { readonly person: Person; readonly onOpen: (person: Person) => void }) {
  const words = useWords();
  return (
    <tr>
      <td>
        <button type="button" className={styles.name} onClick={() => onOpen(person)}>
          <Tile id={person.account} name={person.handle} size="s" />
          <span dir="ltr">@{person.handle}</span>
          {person.state !== 'active' && <span className={classNames(styles.tag, styles.warns, styles.narrow)}>{words.states[person.state]}</span>}
        </button>
      </td>
      <td>
        <span className={styles.tag}>{words.ranks[person.rank]}</span>
      </td>
      <td className={styles.wide}>
        <span className={classNames(styles.tag, person.state !== 'active' && styles.warns)}>{words.states[person.state]}</span>
      </td>
      <td className={styles.wide}>
        {person.devices} <span className={styles.small}>· {words.people.loggedIn(person.sessions)}</span>
      </td>
    </tr>
  );
});

/** What was typed, once nothing more was for a moment: each letter need not be asked for. */
function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The account of one whole address: who administers has to find the person that a letter is from, and needs no list of addresses. */
function FindByMail({ onFound }: { readonly onFound: (person: Person) => void }) {
  const t = useWords().people;
  const { dashboard } = useDashboard();
  const find = useAction(async (email: string) => onFound(await dashboard.find(email)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void find.run(String(new FormData(event.currentTarget).get('email') ?? ''));
  };
  return (
    <Section title={t.byMail} text={t.byMailText}>
      <form onSubmit={submit} noValidate className={styles.form}>
        <TextField name="email" type="email" label={t.mail} dir="ltr" autoComplete="off" />
        <Problem text={find.problem} />
        <Button type="submit" icon="search" busy={find.busy}>
          {t.find}
        </Button>
      </form>
    </Section>
  );
}
