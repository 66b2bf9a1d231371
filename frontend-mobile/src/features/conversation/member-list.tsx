import type { Member } from '../../client';
import { useTexts } from '../../i18n';
import { classNames } from '../../ui/class-names';
import { Tile } from '../../ui/tile';
import styles from './member-list.module.css';

/** Whom one may mean behind an @; the box above which it stands keeps the focus and moves the mark. */
export function MemberList({
  id,
  members,
  marked,
  onChoose,
}: {
  readonly id: string;
  readonly members: readonly Member[];
  readonly marked: number;
  readonly onChoose: (member: Member) => void;
}) {
  const t = useTexts();
  return (
    <ul id={id} role="listbox" aria-label={t.acts.members} className={styles.list}>
      {members.map((member, at) => (
        <li
          key={member.contact.account}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === marked}
          className={classNames(styles.member, at === marked && styles.marked)}
          ref={row => {
            if (at === marked) row?.scrollIntoView({ block: 'nearest' });
          }}
          onPointerDown={event => {
            event.preventDefault();
            onChoose(member);
          }}
        >
          <Tile id={member.contact.account} name={member.contact.name} size="s" />
          <bdi className={styles.name}>{member.contact.name}</bdi>
          {member.contact.handle && member.contact.displayName && (
            <span className={styles.handle} dir="ltr">
              @{member.contact.handle}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
