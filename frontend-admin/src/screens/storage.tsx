import { useState } from 'react';
import { KavalekError } from '@app/client';
import { useFormats } from '@app/i18n';
import { Button, IconButton } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Tile } from '@app/ui/tile';
import type { Id, Stored } from '../api/records';
import { useDashboard, useRank } from '../app/use-dashboard';
import { usePages } from '../app/use-pages';
import { useWords } from '../i18n';
import { More, Waiting } from '../ui/asked';
import { Purge } from './purge';
import styles from './screens.module.css';

/** Rows of a page: each asks whose it is. */
const rows = 25;

interface Owned extends Stored {
  /** `null` where the account is gone. */
  readonly handle: string | null;
}

/** What the server keeps by account, in sizes, and the way to make room. */
export function Storage() {
  const words = useWords();
  const t = words.storage;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const isOwner = useRank() === 'owner';
  const [purged, setPurged] = useState<{ readonly account: Id | null; readonly handle: string | null } | null>(null);
  // Delivery knows ids alone; the authentication service knows whose they are.
  const handleOf = async (account: Id): Promise<string | null> => {
    try {
      return (await dashboard.person(account)).handle;
    } catch (error) {
      if (error instanceof KavalekError && error.code === 'not_found') return null;
      throw error;
    }
  };
  const pages = usePages(async (skip: number | null) => {
    const { accounts, total } = await dashboard.storage(skip ?? 0, rows);
    const owned = await Promise.all(accounts.map(async (stored): Promise<Owned> => ({ ...stored, handle: await handleOf(stored.account) })));
    const seen = (skip ?? 0) + accounts.length;
    return { rows: owned, total, next: accounts.length > 0 && seen < total ? seen : undefined };
  });
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      {isOwner && (
        <div className={styles.acts}>
          <Button icon="trash" onClick={() => setPurged({ account: null, handle: null })}>
            {t.purgeAll}
          </Button>
        </div>
      )}
      <Waiting asked={pages.first} />
      {pages.first.value && (
        <p role="status" className={styles.small}>
          {pages.first.value.total === 0 ? t.none : t.total(pages.first.value.total)}
        </p>
      )}
      {pages.rows.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.account}</th>
              <th scope="col" className={styles.number}>
                {t.files}
              </th>
              <th scope="col" className={classNames(styles.number, styles.wide)}>
                {t.archive}
              </th>
              <th scope="col">
                <span className="visually-hidden">{t.purge}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map(one => (
              <tr key={one.account}>
                <th scope="row">
                  <span className={styles.name}>
                    <Tile id={one.account} name={one.handle ?? '?'} size="s" />
                    {one.handle === null ? t.gone : <span dir="ltr">@{one.handle}</span>}
                  </span>
                </th>
                <td className={styles.number}>
                  {formats.bytes(one.attachmentBytes)} <span className={classNames(styles.small, styles.block)}>{t.count(one.files)}</span>
                </td>
                <td className={classNames(styles.number, styles.wide)}>{formats.bytes(one.archiveBytes)}</td>
                <td className={styles.number}>
                  {one.files > 0 && one.handle !== null && (
                    <IconButton icon="trash" label={t.purgeOf(`@${one.handle}`)} onClick={() => setPurged({ account: one.account, handle: one.handle })} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More pages={pages} />
      {purged && (
        <Purge
          {...purged}
          onClose={() => setPurged(null)}
          onDone={() => {
            setPurged(null);
            pages.first.again();
          }}
        />
      )}
    </>
  );
}
