import { summary, type Message } from '../../client';
import { useTexts } from '../../i18n';
import styles from './excerpts.module.css';

const most = 200;

/** The beginnings of messages that something is about to be done with. */
export function Excerpts({ messages }: { readonly messages: readonly Message[] }) {
  const t = useTexts();
  return (
    <ul className={styles.excerpts}>
      {messages.map(message => (
        <li key={message.id} dir="auto">
          {summary(message.body, t.voice.message).slice(0, most)}
        </li>
      ))}
    </ul>
  );
}
