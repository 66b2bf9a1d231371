import { useTexts } from '../../i18n';
import { classNames } from '../../ui/class-names';
import { Icon } from '../../ui/icon';
import { sameEmoji } from './reactions';
import styles from './quick-reactions.module.css';

const usual = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

/** The usual reactions, in a row at the top of a message's menu, and the way to all others. */
export function QuickReactions({
  mine,
  onReact,
  onMore,
}: {
  readonly mine: string | null;
  readonly onReact: (emoji: string | null) => void;
  readonly onMore: () => void;
}) {
  const t = useTexts();
  const shown = mine && !usual.some(one => sameEmoji(one, mine)) ? [mine, ...usual.slice(0, -1)] : usual;
  return (
    <>
      {shown.map(emoji => {
        const chosen = sameEmoji(emoji, mine);
        return (
          <button
            key={emoji}
            type="button"
            role="menuitemcheckbox"
            aria-checked={chosen}
            aria-label={chosen ? t.acts.takeBack(emoji) : t.acts.reactWith(emoji)}
            className={classNames(styles.quick, chosen && styles.chosen)}
            onClick={() => onReact(chosen ? null : emoji)}
          >
            {emoji}
          </button>
        );
      })}
      <button type="button" role="menuitem" aria-label={t.acts.moreEmoji} title={t.acts.moreEmoji} className={styles.quick} onClick={onMore}>
        <Icon name="add" small />
      </button>
    </>
  );
}
