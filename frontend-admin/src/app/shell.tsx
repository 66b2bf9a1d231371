import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button, IconButton } from '@app/ui/button';
import { classNames } from '@app/ui/class-names';
import { Icon, type IconName } from '@app/ui/icon';
import { Mark } from '@app/ui/mark';
import { useWords } from '../i18n';
import { Audit } from '../screens/audit';
import { Invites } from '../screens/invites';
import { Overview } from '../screens/overview';
import { People } from '../screens/people';
import { PolicyScreen } from '../screens/policy';
import { Sees } from '../screens/sees';
import { AskPassword } from './ask-password';
import { isAtLeast } from '../api/records';
import { screens, useScreen, type Screen } from './route';
import { useRank } from './use-dashboard';
import styles from './shell.module.css';

const icons: Record<Screen, IconName> = { overview: 'info', people: 'group', invites: 'mail', policy: 'settings', audit: 'select', sees: 'eye' };
const drawn: Record<Screen, () => ReactNode> = { overview: Overview, people: People, invites: Invites, policy: PolicyScreen, audit: Audit, sees: Sees };

/** The dashboard: its sections, and the one that is open. */
export function Shell({ handle, onClose }: { readonly handle: string; readonly onClose: () => void }) {
  const words = useWords();
  const rank = useRank();
  const screen = useScreen();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    setMenuOpen(false);
    main.current?.scrollTo(0, 0);
  }, [screen]);
  const Drawn = drawn[screen];
  return (
    <div className={styles.shell}>
      <header className={styles.top}>
        <IconButton icon="menu" label={words.menu} className={styles.menuButton} aria-expanded={isMenuOpen} onClick={() => setMenuOpen(!isMenuOpen)} />
        <a href="/" className={styles.mark} aria-label={words.toApp} title={words.toApp}>
          <Mark />
        </a>
        <p className={styles.name}>{words.title}</p>
        <p className={styles.who}>
          <span dir="ltr">@{handle}</span> · {words.ranks[rank]}
        </p>
        <Button icon="lock" onClick={onClose} title={words.close} aria-label={words.close} className={styles.close}>
          {words.close}
        </Button>
      </header>
      <nav className={classNames(styles.nav, isMenuOpen && styles.open)} aria-label={words.menu}>
        <ul>
          {screens
            .filter(each => each !== 'invites' || isAtLeast(rank, 'admin'))
            .map(each => (
              <li key={each}>
                <a href={`#/${each}`} aria-current={each === screen ? 'page' : undefined} className={styles.link} onClick={() => setMenuOpen(false)}>
                  <Icon name={icons[each]} small />
                  {words.screens[each]}
                </a>
              </li>
            ))}
        </ul>
      </nav>
      <main className={styles.main} ref={main} tabIndex={-1}>
        <div className={styles.content}>
          <h1>{words.screens[screen]}</h1>
          <Drawn key={screen} />
        </div>
      </main>
      <AskPassword />
    </div>
  );
}
