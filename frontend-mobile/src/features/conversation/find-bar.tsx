import { useEffect, useRef, useState } from 'react';
import type { Id, MessageId } from '../../client';
import { useTexts } from '../../i18n';
import { useMessageSearch } from '../../page/use-message-search';
import { IconButton } from '../../ui/button';
import { SearchBox } from '../../ui/search-box';
import styles from './find-bar.module.css';

const hitsOfAPage = 50;

/** Looks for messages of one conversation and goes from one to the next, the newest first. */
export function FindBar({
  conversation,
  onShow,
  onClose,
}: {
  readonly conversation: Id;
  readonly onShow: (message: MessageId) => void;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const { hits, text: of, searching, more } = useMessageSearch(text, conversation, null, hitsOfAPage);
  const sought = text.trim();
  const settled = sought !== '' && of === sought;
  const current = settled ? hits[at]?.message.id : undefined;
  const show = useRef(onShow);
  useEffect(() => {
    show.current = onShow;
  });

  useEffect(() => setAt(0), [of]);
  useEffect(() => {
    if (current) show.current(current);
  }, [current]);

  const go = (step: 1 | -1) => {
    const next = at + step;
    if (next < 0) return;
    if (next >= hits.length - 1) more?.();
    if (next < hits.length) setAt(next);
    box.current?.focus();
  };

  return (
    <search className={styles.bar}>
      <SearchBox
        ref={box}
        bare
        autoFocus
        label={t.chat.find}
        value={text}
        onSearch={setText}
        onKeyDown={event => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter') {
            event.preventDefault();
            go(event.shiftKey ? -1 : 1);
          } else if (event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            onClose();
          }
        }}
      />
      <span className={styles.count} role="status">
        {!settled || (hits.length === 0 && searching) ? '' : hits.length === 0 ? t.chat.findNone : t.chat.findHit(at + 1, `${hits.length}${more ? '+' : ''}`)}
      </span>
      <IconButton icon="up" label={t.chat.findOlder} disabled={!settled || at >= hits.length - 1} onClick={() => go(1)} />
      <IconButton icon="down" label={t.chat.findNewer} disabled={!settled || at === 0} onClick={() => go(-1)} />
      <IconButton icon="close" label={t.chat.findClose} onClick={onClose} />
    </search>
  );
}
