import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useLanguage, useTexts } from '../i18n';
import { usePreferences } from '../page/preferences';
import { classNames } from './class-names';
import { IconButton } from './button';
import { emojiGroups, foundEmoji, inTone, type EmojiLanguage, type PickedEmoji, type SkinTone } from './emoji-set';
import { Modal } from './modal';
import { SearchBox } from './search-box';
import styles from './emoji-picker.module.css';

const tones: readonly SkinTone[] = [0, 1, 2, 3, 4, 5];
const hands = ['✋', '✋🏻', '✋🏼', '✋🏽', '✋🏾', '✋🏿'];

/** All emoji, to be searched by words or gone through with the arrows. The skin tone stays as it was chosen. */
export function EmojiPicker({ label, onPick, onClose }: { readonly label: string; readonly onPick: (emoji: string) => void; readonly onClose: () => void }) {
  const t = useTexts();
  // Where there are no names in a language, they are English, and say so.
  const language: EmojiLanguage = useLanguage().language === 'fr' ? 'fr' : 'en';
  const [{ skinTone }, setPreferences] = usePreferences();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const [groups, setGroups] = useState<readonly (readonly PickedEmoji[])[] | null>(null);
  const [problem, setProblem] = useState(false);
  const [query, setQuery] = useState('');
  const searched = useDeferredValue(query);
  const found = useMemo(() => (groups && searched.trim() !== '' ? foundEmoji(groups, searched) : null), [groups, searched]);

  useEffect(() => {
    let gone = false;
    emojiGroups(language).then(
      loaded => !gone && setGroups(loaded),
      () => !gone && setProblem(true),
    );
    return () => {
      gone = true;
    };
  }, [language]);

  const pick = (emoji: string) => {
    onClose();
    onPick(emoji);
  };

  const cells = () => [...(list.current?.querySelectorAll<HTMLButtonElement>('button[data-emoji]') ?? [])];
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const typing = event.target instanceof HTMLInputElement;
    const all = cells();
    if (typing && event.key === 'Enter') {
      event.preventDefault();
      all[0]?.click();
      return;
    }
    if (typing && event.key !== 'ArrowDown') return;
    const here = all.indexOf(document.activeElement as HTMLButtonElement);
    const next = typing ? all[0] : neighbour(all, here, event.key);
    if (!next) return;
    event.preventDefault();
    if (next === 'search') dialog.current?.querySelector('input')?.focus();
    else {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: 'nearest' });
    }
  };

  const section = (key: string, title: string, emoji: readonly PickedEmoji[], first: boolean) => (
    <section key={key} className={styles.group} aria-labelledby={`${id}-${key}`}>
      <h3 id={`${id}-${key}`}>{title}</h3>
      <div className={styles.cells} lang={language}>
        {emoji.map((one, at) => {
          const shown = inTone(one, skinTone);
          return (
            <button
              key={one.emoji}
              type="button"
              data-emoji
              tabIndex={first && at === 0 ? 0 : -1}
              className={styles.cell}
              aria-label={one.name}
              title={one.name}
              onClick={() => pick(shown)}
            >
              {shown}
            </button>
          );
        })}
      </div>
    </section>
  );

  return (
    <Modal ref={dialog} className={styles.picker} aria-label={label} focusFirst="input" onKeyDown={keys} onClose={onClose}>
      <div className={styles.sheet}>
        <div className={styles.top}>
          <SearchBox label={t.acts.searchEmoji} value={query} onSearch={setQuery} />
          <IconButton icon="close" label={t.app.close} onClick={onClose} />
        </div>
        <div className={styles.list} ref={list}>
          {problem && <p className={styles.empty}>{t.acts.noEmojiLoaded}</p>}
          {found && found.length === 0 && <p className={styles.empty}>{t.acts.noEmoji}</p>}
          {found && found.length > 0 && section('found', t.acts.foundEmoji, found, true)}
          {!found && groups?.map((group, at) => section(`${at}`, t.acts.emojiGroups[at] ?? '', group, at === 0))}
        </div>
        <fieldset className={styles.tones}>
          <legend className="visually-hidden">{t.acts.skinTone}</legend>
          {tones.map(tone => (
            <label key={tone} className={classNames(styles.tone, tone === skinTone && styles.chosen)} title={t.acts.skinTones[tone]}>
              <input
                type="radio"
                name={`${id}-tone`}
                className="visually-hidden"
                checked={tone === skinTone}
                aria-label={t.acts.skinTones[tone]}
                onChange={() => setPreferences({ skinTone: tone })}
              />
              <span aria-hidden="true">{hands[tone]}</span>
            </label>
          ))}
        </fieldset>
        <p className="visually-hidden" role="status">
          {found ? t.acts.emojiFound(found.length) : ''}
        </p>
      </div>
    </Modal>
  );
}

/** Where an arrow leads in rows of equal cells, over the groups. */
function neighbour(all: readonly HTMLButtonElement[], here: number, key: string): HTMLButtonElement | 'search' | undefined {
  const from = all[here];
  if (!from) return undefined;
  const forward = document.dir === 'rtl' ? -1 : 1;
  switch (key) {
    case 'ArrowRight':
      return all[here + forward];
    case 'ArrowLeft':
      return all[here - forward];
    case 'Home':
      return all[0];
    case 'End':
      return all.at(-1);
    case 'ArrowDown': {
      const below = all.slice(here + 1).filter(one => one.offsetTop > from.offsetTop);
      const row = below.filter(one => one.offsetTop === below[0]!.offsetTop);
      return nearest(row, from);
    }
    case 'ArrowUp': {
      const above = all.slice(0, here).filter(one => one.offsetTop < from.offsetTop);
      const row = above.filter(one => one.offsetTop === above.at(-1)!.offsetTop);
      return nearest(row, from) ?? 'search';
    }
    default:
      return undefined;
  }
}

const nearest = (row: readonly HTMLButtonElement[], to: HTMLButtonElement): HTMLButtonElement | undefined =>
  row.reduce<HTMLButtonElement | undefined>(
    (best, one) => (!best || Math.abs(one.offsetLeft - to.offsetLeft) < Math.abs(best.offsetLeft - to.offsetLeft) ? one : best),
    undefined,
  );
