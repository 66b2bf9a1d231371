import { useCallback, useDeferredValue, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { Contact, Conversation, Id } from '../../client';
import { useTexts } from '../../i18n';
import type { Draft } from '../../page/drafts';
import { inList } from '../../page/list-order';
import { to } from '../../page/router';
import { useMessageSearch } from '../../page/use-message-search';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Patchwork } from '../../ui/mark';
import { Empty } from '../../ui/pane';
import { SearchBox } from '../../ui/search-box';
import type { Point } from '../../ui/use-long-press';
import { ConversationRow } from './conversation-row';
import { MessageHits } from './message-hits';
import { PeopleHits } from './people-hits';
import { RowMenu } from './row-menu';
import { bySender, found, foundPerson } from './search';
import styles from './conversation-list.module.css';

interface ListProps {
  readonly conversations: readonly Conversation[];
  readonly contacts: readonly Contact[];
  readonly drafts: ReadonlyMap<Id, Draft>;
  readonly open: Id | null;
  readonly hidePreviews: boolean;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly searchBox: RefObject<HTMLInputElement | null>;
}

const hitsOfAPage = 20;

/** All conversations, newest activity first; requests stand above them. While somebody searches: those that fit, people, and messages. */
export function ConversationList({ conversations, contacts, drafts, open, hidePreviews, search, onSearch, searchBox }: ListProps) {
  const t = useTexts();
  const list = useRef<HTMLDivElement>(null);
  const sought = useDeferredValue(search);
  const shown = useMemo(() => conversations.filter(one => one.state !== 'declined' && found(one, sought)), [conversations, sought]);
  const requests = shown.filter(one => one.state === 'request');
  const others = inList(shown).filter(one => one.state !== 'request');
  const archived = shown.filter(one => one.archived && one.state !== 'request');
  const [showArchived, setShowArchived] = useState(false);
  const [menu, setMenu] = useState<{ readonly of: Id; readonly at: Point } | null>(null);
  const openMenu = useCallback((one: Conversation, at: Point) => setMenu({ of: one.id, at }), [setMenu]);
  const byId = useMemo(() => new Map(conversations.map(one => [one.id, one])), [conversations]);
  const { sender, text } = useMemo(() => bySender(sought, contacts), [sought, contacts]);
  const messages = useMessageSearch(text, null, sender?.account ?? null, hitsOfAPage);
  const people = useMemo(() => {
    if (sought.trim() === '') return [];
    const written = new Set(conversations.map(one => one.peer?.account));
    return contacts.filter(one => !one.blocked && one.handle !== '' && !written.has(one.account) && foundPerson(one, sought));
  }, [contacts, conversations, sought]);
  const nothing = shown.length === 0 && people.length === 0 && messages.hits.length === 0;

  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('a[data-row]') ?? [])];
    const here = links.indexOf(document.activeElement as HTMLAnchorElement);
    const next = links[here + (event.key === 'ArrowDown' ? 1 : -1)];
    if (event.altKey || !next) return;
    event.preventDefault();
    next.focus();
  };

  const rows = (of: readonly Conversation[]) => (
    <ul>
      {of.map(one => (
        <ConversationRow key={one.id} conversation={one} draft={drafts.get(one.id)} open={one.id === open} hidePreviews={hidePreviews} onMenu={openMenu} />
      ))}
    </ul>
  );

  return (
    <div className={styles.list} onKeyDown={move} ref={list}>
      {conversations.length > 0 && (
        <SearchBox
          ref={searchBox}
          className={styles.search}
          label={t.list.search}
          value={search}
          onSearch={onSearch}
          onKeyDown={event => {
            if (event.key === 'Escape' && search !== '') {
              event.stopPropagation();
              onSearch('');
            }
          }}
        />
      )}
      <div className={styles.scroll} id="list">
        {requests.length > 0 && (
          <section aria-label={t.list.requests}>
            <h2 className={styles.heading}>{t.list.requests}</h2>
            {rows(requests)}
          </section>
        )}
        {others.length > 0 && (
          <nav aria-label={t.list.label}>
            {requests.length > 0 && <h2 className={styles.heading}>{t.list.label}</h2>}
            {rows(others)}
          </nav>
        )}
        {archived.length > 0 && (
          <section aria-label={t.list.archived}>
            <button
              type="button"
              className={styles.archived}
              aria-expanded={showArchived || sought !== ''}
              onClick={() => setShowArchived(current => !current)}
            >
              <Icon name="archive" small />
              {t.list.archived}
              <span className={styles.count}>{archived.length}</span>
            </button>
            {(showArchived || sought !== '') && rows(archived)}
          </section>
        )}
        {conversations.length === 0 && (
          <Empty art={<Patchwork />} title={t.list.noneTitle} text={t.list.noneText}>
            <a className={styles.begin} href={to.new}>
              <Icon name="pencil" small />
              {t.list.compose}
            </a>
          </Empty>
        )}
        {people.length > 0 && <PeopleHits people={people} />}
        {messages.hits.length > 0 && <MessageHits found={messages} conversations={byId} />}
        <div className="visually-hidden" role="status">
          {sought.trim() === '' || messages.searching ? '' : t.list.foundSo(shown.length, messages.hits.length)}
        </div>
        {conversations.length > 0 && nothing && sought !== '' && !messages.searching && (
          <Empty title={t.list.nothingFound(sought)} text={t.list.nothingFoundText}>
            <Button onClick={() => onSearch('')}>{t.list.clearSearch}</Button>
          </Empty>
        )}
      </div>
      {menu && byId.get(menu.of) && <RowMenu conversation={byId.get(menu.of)!} at={menu.at} onClose={() => setMenu(null)} />}
    </div>
  );
}
