import { useState } from 'react';
import { Button } from '@app/ui/button';
import { Dialog } from '@app/ui/dialog';
import { SelectField } from '@app/ui/field';
import { Line } from '@app/ui/line';
import { useToast } from '@app/ui/toasts';
import { isAtLeast, ranks, type Person, type Rank } from '../api/records';
import { useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Confirm } from '../ui/confirm';
import { Figure, Figures } from '../ui/figures';
import styles from './screens.module.css';

type Act = 'suspend' | 'resume' | 'sign-out' | 'off-board' | 'delete' | 'rank';

/** One account, and what whoever is here may do with it. The server decides; what it would refuse is not offered. */
export function PersonDialog({ person, onClose, onChanged }: { readonly person: Person; readonly onClose: () => void; readonly onChanged: () => void }) {
  const words = useWords();
  const t = words.people;
  const { dashboard, me } = useDashboard();
  const mine = useRank();
  const say = useToast();
  const [act, setAct] = useState<Act | null>(null);
  const [given, setGiven] = useState<Rank>(person.rank);
  const name = `@${person.handle}`;
  const isMe = person.account === me;
  const mayAct = !isMe && (mine === 'owner' || !isAtLeast(person.rank, mine));
  const isAdmin = isAtLeast(mine, 'admin');
  const isHere = person.state !== 'left';
  const givable = ranks.filter(rank => mine === 'owner' || !isAtLeast(rank, mine));
  const done = () => {
    say({ text: t.done });
    onChanged();
  };
  const confirm = { onClose: () => setAct(null), onDone: done };
  switch (act) {
    case 'suspend':
      return <Confirm title={t.suspend} text={t.suspendText(name)} danger act={() => dashboard.act(person.account, 'suspend')} {...confirm} />;
    case 'resume':
      return <Confirm title={t.resume} text={name} act={() => dashboard.act(person.account, 'resume')} {...confirm} />;
    case 'sign-out':
      return <Confirm title={t.signOut} text={t.signOutText(name)} act={() => dashboard.act(person.account, 'sign-out')} {...confirm} />;
    case 'off-board':
      return <Confirm title={t.offBoard} text={t.offBoardText(name)} danger typed={person.handle} act={() => dashboard.act(person.account, 'off-board')} {...confirm} />;
    case 'delete':
      return <Confirm title={t.delete} text={t.deleteText(name)} danger typed={person.handle} act={() => dashboard.delete(person.account)} {...confirm} />;
    case 'rank':
      return <Confirm title={t.give} text={t.rankText(name, words.ranks[given])} act={() => dashboard.setRank(person.account, given)} {...confirm} />;
    case null:
      return (
        <Dialog title={name} onClose={onClose}>
          <Figures>
            <Figure name={t.rank} value={words.ranks[person.rank]} />
            <Figure name={t.state} value={words.states[person.state]} />
            <Figure name={t.devices} value={person.devices} text={t.loggedIn(person.sessions)} />
          </Figures>
          {!isHere && <Line boxed>{t.gone}</Line>}
          {isMe && <Line boxed>{t.you}</Line>}
          {!isMe && !mayAct && <Line boxed>{t.above}</Line>}
          {mayAct && isAdmin && isHere && givable.length > 1 && (
            <div className={styles.pair}>
              <SelectField label={t.setRank} value={given} onChange={event => setGiven(event.target.value as Rank)}>
                {[...new Set([...givable, person.rank])].map(rank => (
                  <option key={rank} value={rank}>
                    {words.ranks[rank]}
                  </option>
                ))}
              </SelectField>
              <Button disabled={given === person.rank} onClick={() => setAct('rank')}>
                {t.give}
              </Button>
            </div>
          )}
          {mayAct && (
            <div className={styles.acts}>
              {person.state === 'active' && <Button onClick={() => setAct('suspend')}>{t.suspend}</Button>}
              {person.state === 'suspended' && (
                <Button kind="primary" onClick={() => setAct('resume')}>
                  {t.resume}
                </Button>
              )}
              {isAdmin && isHere && <Button onClick={() => setAct('sign-out')}>{t.signOut}</Button>}
              {isAdmin && isHere && (
                <Button kind="danger" onClick={() => setAct('off-board')}>
                  {t.offBoard}
                </Button>
              )}
              {isAdmin && (
                <Button kind="danger" onClick={() => setAct('delete')}>
                  {t.delete}
                </Button>
              )}
            </div>
          )}
        </Dialog>
      );
  }
}
