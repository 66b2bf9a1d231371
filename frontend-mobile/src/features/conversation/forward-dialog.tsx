import { useId, useState } from 'react';
import { named, useLive, type Id, type Message } from '../../client';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { TextField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { Tile } from '../../ui/tile';
import { useAction } from '../../ui/use-action';
import { folded } from './mentions';
import styles from './forward-dialog.module.css';

/** Sends what messages say, and their files, into other conversations, as own messages and in their order. */
export function ForwardDialog({
  messages,
  onDone,
  onClose,
}: {
  readonly messages: readonly Message[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const client = useClient();
  const id = useId();
  const conversations = useLive(client.conversations);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<Id>>(new Set());
  const listed = conversations.filter(one => one.state === 'active' && one.cannotSend === null && folded(one.title).includes(folded(query.trim())));
  const forward = useAction(async () => {
    for (const conversation of chosen) {
      for (const message of messages) {
        await client.request('message.forward', { conversation: message.conversation, message: message.id, to: conversation, text: named(message.body) });
      }
    }
    onClose();
    onDone();
  });
  return (
    <Dialog
      title={t.acts.forwardTitle}
      onClose={onClose}
      actions={
        <Button kind="primary" busy={forward.busy} disabled={chosen.size === 0} onClick={() => void forward.run()}>
          {t.chat.send}
        </Button>
      }
    >
      <TextField label={t.acts.searchChats} type="search" value={query} autoComplete="off" onChange={event => setQuery(event.target.value)} />
      <ul className={styles.list}>
        {listed.map(one => (
          <li key={one.id}>
            <label className={styles.row} htmlFor={`${id}-${one.id}`}>
              <Tile id={one.peer?.account ?? one.id} name={one.title} group={one.kind === 'group'} />
              <span className={styles.title}>
                <bdi>{one.title}</bdi>
              </span>
              <input
                id={`${id}-${one.id}`}
                type="checkbox"
                checked={chosen.has(one.id)}
                onChange={event => setChosen(new Set(event.target.checked ? [...chosen, one.id] : [...chosen].filter(other => other !== one.id)))}
              />
            </label>
          </li>
        ))}
      </ul>
      <p className={styles.note}>{t.acts.forwardNote}</p>
      <Problem text={forward.problem} />
    </Dialog>
  );
}
