import type { Message, Person } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { classNames } from '../../ui/class-names';
import styles from './reactions.module.css';

/** The same emoji, with and without the mark that asks for colour, is one. */
const key = (emoji: string): string => emoji.replace(/\uFE0F/g, '');

export interface Reacted {
  readonly emoji: string;
  readonly people: readonly Person[];
  readonly mine: boolean;
}

/** Who reacted how, the most common first. */
export function reactedTo(message: Message): readonly Reacted[] {
  const groups = new Map<string, Person[]>();
  for (const { emoji, person } of message.reactions) groups.set(key(emoji), [...(groups.get(key(emoji)) ?? []), person]);
  return [...groups]
    .map(([known, people]) => ({
      emoji: message.reactions.find(one => key(one.emoji) === known)!.emoji,
      people,
      mine: people.some(person => person.me),
    }))
    .sort((a, b) => b.people.length - a.people.length);
}

/** The own reaction, if there is one. */
export const myReaction = (message: Message): string | null => message.reactions.find(one => one.person.me)?.emoji ?? null;

/** Whether two emoji are the same reaction. */
export const sameEmoji = (one: string | null, other: string | null): boolean => one !== null && other !== null && key(one) === key(other);

/** The reactions to a message; a click on one adds or takes back the own. */
export function Reactions({
  message,
  canReact,
  stop,
  onReact,
}: {
  readonly message: Message;
  readonly canReact: boolean;
  readonly stop: boolean;
  readonly onReact: (emoji: string | null) => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const all = reactedTo(message);
  if (all.length === 0) return null;
  return (
    <ul className={styles.reactions} aria-label={t.acts.reactions}>
      {all.map(({ emoji, people, mine }) => {
        const who = formats.list(people.map(person => (person.me ? t.system.you : person.name)));
        return (
          <li key={emoji}>
            <button
              type="button"
              tabIndex={stop ? 0 : -1}
              disabled={!canReact}
              aria-pressed={mine}
              title={who}
              className={classNames(styles.reaction, mine && styles.mine)}
              onClick={() => onReact(mine ? null : emoji)}
            >
              <span>{emoji}</span>
              {people.length > 1 && <span>{people.length}</span>}
              <span className="visually-hidden">{t.acts.reactedBy(who)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
