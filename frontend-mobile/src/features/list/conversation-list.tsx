import { useDeferredValue, useMemo, useRef, type KeyboardEvent, type RefObject } from 'react';
import type { Conversation, Id } from '../../client';
import { useTexts } from '../../i18n';
import type { Draft } from '../../page/drafts';
import { to } from '../../page/router';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Patchwork } from '../../ui/mark';
import { Empty } from '../../ui/pane';
import { ConversationRow } from './conversation-row';
import { found } from './search';
import styles from './conversation-list.module.css';

interface ListProps {
  readonly conversations: readonly Conversation[];
  readonly drafts: ReadonlyMap<Id, Draft>;
  readonly open: Id | null;
  readonly hidePreviews: boolean;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly searchBox: RefObject<HTMLInputElement | null>;
}

/** All conversations, newest activity first; requests stand above them. */
export function ConversationList({ conversations, drafts, open, hidePreviews, search, onSearch, searchBox }: ListProps) {
  const t = useTexts();
  const list = useRef<HTMLDivElement>(null);
  const sought = useDeferredValue(search);
  const shown = useMemo(() => conversations.filter(one => one.state !== 'declined' && found(one, sought)), [conversations, sought]);
  const requests = shown.filter(one => one.state === 'request');
  const others = shown.filter(one => one.state !== 'request');

  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('a[data-row]') ?? [])];
    const here = links.indexOf(document.activeElement as HTMLAnchorElement);
    const next = links[here + (event.key === 'ArrowDown' ? 1 : -1)];
    if (event.altKey || !next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <div className={styles.list} onKeyDown={move} ref={list}>
      {conversations.length > 0 && (
        <div className={styles.search}>
          <Icon name="search" small />
          <input
            ref={searchBox}
            type="search"
            dir="auto"
            value={search}
            aria-label={t.list.search}
            placeholder={t.list.search}
            onChange={event => onSearch(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Escape' && search !== '') {
                event.stopPropagation();
                onSearch('');
              }
            }}
          />
        </div>
      )}
      <div className={styles.scroll} id="list">
        {requests.length > 0 && (
          <section aria-label={t.list.requests}>
            <h2 className={styles.heading}>{t.list.requests}</h2>
            <ul>
              {requests.map(one => (
                <ConversationRow key={one.id} conversation={one} draft={drafts.get(one.id)} open={one.id === open} hidePreviews={hidePreviews} />
              ))}
            </ul>
          </section>
        )}
        {others.length > 0 && (
          <nav aria-label={t.list.label}>
            {requests.length > 0 && <h2 className={styles.heading}>{t.list.label}</h2>}
            <ul>
              {others.map(one => (
                <ConversationRow key={one.id} conversation={one} draft={drafts.get(one.id)} open={one.id === open} hidePreviews={hidePreviews} />
              ))}
            </ul>
          </nav>
        )}
        {conversations.length === 0 && (
          <Empty art={<Patchwork />} title={t.list.noneTitle} text={t.list.noneText}>
            <a className={styles.begin} href={to.new}>
              <Icon name="pencil" small />
              {t.list.compose}
            </a>
          </Empty>
        )}
        {conversations.length > 0 && shown.length === 0 && sought !== '' && (
          <Empty title={t.list.nothingFound(sought)} text={t.list.nothingFoundText}>
            <Button onClick={() => onSearch('')}>{t.list.clearSearch}</Button>
          </Empty>
        )}
      </div>
    </div>
  );
}
