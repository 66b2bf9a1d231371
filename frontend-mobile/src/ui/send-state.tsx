import type { MessageState } from '../client';
import { useTexts } from '../i18n';
import { classNames } from './class-names';
import { Icon } from './icon';
import styles from './send-state.module.css';

const icons = { queued: 'clock', sent: 'check', delivered: 'checks', read: 'checks', failed: 'warning' } as const;

/** How far an own message got: a drawing, and its words for those who do not see it or hover over it. */
export function SendState({ state }: { readonly state: MessageState }) {
  const t = useTexts();
  if (state === 'received') return null;
  return (
    <span className={classNames(styles.state, styles[state])} title={t.chat.state[state]}>
      <Icon name={icons[state]} small />
      <span className="visually-hidden">{t.chat.state[state]}</span>
    </span>
  );
}
