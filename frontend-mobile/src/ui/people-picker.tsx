import { useId, useState } from 'react';
import type { Contact, Id } from '../client';
import { explain, useFormats, useTexts } from '../i18n';
import { useClient } from '../page/use-client';
import { Button } from './button';
import { TextField } from './field';
import { Tile } from './tile';
import styles from './people-picker.module.css';

/** Choose among the people one knows, and add others by their handle. */
export function PeoplePicker({
  people,
  chosen,
  onChange,
}: {
  readonly people: readonly Contact[];
  readonly chosen: readonly Contact[];
  readonly onChange: (chosen: readonly Contact[]) => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const id = useId();
  const [handle, setHandle] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const isChosen = (account: Id) => chosen.some(one => one.account === account);
  const listed = [...chosen.filter(one => !people.some(other => other.account === one.account)), ...people];

  const find = async () => {
    if (handle.trim() === '' || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const contact = await client.request('contacts.find', { handle: handle.trim().replace(/^@/, '') });
      if (!isChosen(contact.account)) onChange([...chosen, contact]);
      setHandle('');
    } catch (error) {
      setProblem(explain(error, t, formats));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className={styles.picker}>
      <div className={styles.add}>
        <TextField
          label={t.compose.addHandle}
          value={handle}
          problem={problem}
          dir="ltr"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          onChange={event => setHandle(event.target.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            void find();
          }}
        />
        <Button busy={busy} onClick={() => void find()}>
          {t.compose.add}
        </Button>
      </div>
      <ul className={styles.people}>
        {listed.map(contact => (
          <li key={contact.account}>
            <label className={styles.person} htmlFor={`${id}-${contact.account}`}>
              <Tile id={contact.account} name={contact.name} />
              <span className={styles.name}>
                <bdi>{contact.name}</bdi>
                {contact.handle && contact.displayName && (
                  <span className={styles.handle} dir="ltr">
                    @{contact.handle}
                  </span>
                )}
              </span>
              <input
                id={`${id}-${contact.account}`}
                type="checkbox"
                checked={isChosen(contact.account)}
                onChange={event => onChange(event.target.checked ? [...chosen, contact] : chosen.filter(one => one.account !== contact.account))}
              />
            </label>
          </li>
        ))}
      </ul>
    </div>
  );
}
