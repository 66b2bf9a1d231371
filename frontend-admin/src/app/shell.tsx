import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLive } from '@app/client';
import { usePresence } from '@app/app/use-presence';
import { IconButton } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Icon, type IconName } from '@app/ui/icon';
import { Mark } from '@app/ui/mark';
import { isAtLeast, type Rank } from '../api/records';
import { useWords } from '../i18n';
import { Audit } from '../screens/audit';
import { Backups } from '../screens/backups';
import { Groups } from '../screens/groups';
import { Invites } from '../screens/invites';
import { Overview } from '../screens/overview';
import { People } from '../screens/people';
import { PolicyScreen } from '../screens/policy';
import { Reports } from '../screens/reports';
import { Sees } from '../screens/sees';
import { SettingsScreen } from '../screens/settings';
import { Setup } from '../screens/setup';
import { Storage } from '../screens/storage';
import { AskPassword } from './ask-password';
import { screens, useRoute, type Screen } from './route';
import styles from './shell.module.css';
import { useAsked, useDashboard, useRank } from './use-dashboard';

const icons: Record<Screen, IconName> = {
  overview: 'pulse',
  people: 'person',
  invites: 'mail',
  groups: 'group',
  policy: 'shield',
  storage: 'stack',
  reports: 'flag',
  backups: 'archive',
  audit: 'list',
  sees: 'eye',
  settings: 'settings',
  setup: 'check',
};
const drawn: Record<Screen, () => ReactNode> = {
  overview: Overview,
  people: People,
  invites: Invites,
  groups: Groups,
  policy: PolicyScreen,
  storage: Storage,
  reports: Reports,
  backups: Backups,
  audit: Audit,
  sees: Sees,
  settings: SettingsScreen,
  setup: Setup,
};

/** The rank that a section is for, where it is not for all that have one. */
const least: Partial<Record<Screen, Rank>> = { invites: 'admin', groups: 'admin', storage: 'admin', backups: 'admin', settings: 'owner', setup: 'owner' };

/** Seconds between two looks whether there are reports. */
const every = 60;

/** The dashboard: its sections, and the one that is open. */
export function Shell({ handle, onClose }: { readonly handle: string; readonly onClose: () => void }) {
  const words = useWords();
  const rank = useRank();
  const { dashboard } = useDashboard();
  const setUp = useLive(dashboard.setUp);
  const route = useRoute();
  const offered = screens.filter(each => isAtLeast(rank, least[each] ?? 'moderator') && (each !== 'setup' || setUp !== null));
  const screen = offered.includes(route.screen) ? route.screen : 'overview';
  const reports = useLive(dashboard.reportsWaiting);
  useAsked(dashboard.lookAtReports, '', every);
  usePresence();
  // Whoever came by the link of the first start is led through that first.
  useEffect(() => {
    if (dashboard.setUp.get() && location.hash === '') location.replace('#/setup');
  }, [dashboard]);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    setMenuOpen(false);
    main.current?.scrollTo(0, 0);
  }, [screen, route.of]);
  useEffect(() => {
    if (!isMenuOpen) return;
    const escape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setMenuOpen(false);
    };
    window.addEventListener('keydown', escape);
    return () => window.removeEventListener('keydown', escape);
  }, [isMenuOpen]);
  const Drawn = drawn[screen];
  return (
    <div className={styles.shell}>
      <header className={styles.top}>
        <IconButton
          icon={isMenuOpen ? 'close' : 'lines'}
          label={words.menu}
          className={styles.menuButton}
          aria-expanded={isMenuOpen}
          onClick={() => setMenuOpen(!isMenuOpen)}
        />
        <a href="/" className={styles.mark} aria-label={words.toApp} title={words.toApp}>
          <Mark />
        </a>
        <p className={styles.name}>{words.title}</p>
        <p className={styles.who}>
          <span dir="ltr">@{handle}</span>
          <span className={styles.rank}>{words.ranks[rank]}</span>
        </p>
        <IconButton icon="lock" label={words.close} onClick={onClose} />
      </header>
      <nav className={classNames(styles.nav, isMenuOpen && styles.open)} aria-label={words.menu}>
        <ul>
          {offered.map(each => (
            <li key={each}>
              <a href={`#/${each}`} aria-current={each === screen ? 'page' : undefined} className={styles.link} onClick={() => setMenuOpen(false)}>
                <Icon name={icons[each]} small />
                {words.screens[each]}
                {each === 'reports' && reports > 0 && (
                  <span className={styles.count}>
                    <span aria-hidden="true">{reports}</span>
                    <span className="visually-hidden">{words.reports.waiting(reports)}</span>
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
        <a href="/" className={classNames(styles.link, styles.back)}>
          <Icon name="back" small />
          {words.toApp}
        </a>
      </nav>
      {/* Whoever goes on by keyboard behind the menu's end sees where they are. */}
      <main className={styles.main} ref={main} tabIndex={0} onFocus={() => setMenuOpen(false)}>
        <div className={styles.content}>
          <h1>{words.screens[screen]}</h1>
          <Drawn key={screen} />
        </div>
      </main>
      <AskPassword />
    </div>
  );
}
