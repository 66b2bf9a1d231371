import { useState } from 'react';
import { Button } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Dialog } from '@app/ui/dialog';
import { SelectField } from '@app/ui/field';
import { Icon } from '@app/ui/icon';
import { Line } from '@app/ui/line';
import { Row, Section } from '@app/ui/pane';
import { Tile } from '@app/ui/tile';
import { useToast } from '@app/ui/toasts';
import { isAtLeast, ranks, type Person, type Rank } from '../api/records';
import { useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Confirm } from '../ui/confirm';
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
      return (
        <Confirm
          title={t.offBoard}
          text={t.offBoardText(name)}
          danger
          typed={person.handle}
          act={() => dashboard.act(person.account, 'off-board')}
          {...confirm}
        />
      );
    case 'delete':
      return <Confirm title={t.delete} text={t.deleteText(name)} danger typed={person.handle} act={() => dashboard.delete(person.account)} {...confirm} />;
    case 'rank':
      return <Confirm title={t.give} text={t.rankText(name, words.ranks[given])} act={() => dashboard.setRank(person.account, given)} {...confirm} />;
    case null:
      return (
        <Dialog title={name} onClose={onClose}>
          <div className={styles.person}>
            <Tile id={person.account} name={person.handle} />
            <p>
              <span className={styles.tags}>
                <span className={styles.tag}>{words.ranks[person.rank]}</span>
                <span className={classNames(styles.tag, person.state !== 'active' && styles.warns)}>{words.states[person.state]}</span>
              </span>
              <span className={styles.small}>
                {t.devicesOf(person.devices)} · {t.loggedIn(person.sessions)}
              </span>
            </p>
          </div>
          {!isHere && <Line boxed>{t.gone}</Line>}
          {isMe && <Line boxed>{t.you}</Line>}
          {!isMe && !mayAct && <Line boxed>{t.above}</Line>}
          {mayAct && isAdmin && isHere && givable.length > 1 && (
            <div className={styles.rank}>
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
            <Section title={t.acts}>
              {person.state === 'active' && <Row start={<Icon name="ban" />} title={t.suspend} text={t.suspendShort} onClick={() => setAct('suspend')} />}
              {person.state === 'suspended' && <Row start={<Icon name="check" />} title={t.resume} text={t.resumeShort} onClick={() => setAct('resume')} />}
              {isAdmin && isHere && <Row start={<Icon name="leave" />} title={t.signOut} text={t.signOutShort} onClick={() => setAct('sign-out')} />}
              {isAdmin && isHere && (
                <Row danger start={<Icon name="archive" />} title={t.offBoard} text={t.offBoardShort} onClick={() => setAct('off-board')} />
              )}
              {isAdmin && <Row danger start={<Icon name="trash" />} title={t.delete} text={t.deleteShort} onClick={() => setAct('delete')} />}
            </Section>
          )}
        </Dialog>
      );
  }
}
