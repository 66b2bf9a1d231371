import type { Conversation } from '../../client';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './request.module.css';

/** Somebody asks to talk. */
export function Request({ conversation }: { readonly conversation: Conversation }) {
  const t = useTexts();
  const client = useClient();
  const { id, inviter, peer, kind, title } = conversation;
  const name = inviter?.name ?? peer?.name ?? t.system.somebody;
  const accept = useAction(() => client.request('conversation.accept', { conversation: id }));
  const decline = useAction(async (block: boolean) => {
    await client.request('conversation.decline', { conversation: id, block });
    navigate(to.list);
  });
  const busy = accept.busy || decline.busy;
  return (
    <section className={styles.request} aria-labelledby="request">
      <h2 id="request">{kind === 'group' ? t.chat.requestGroup(name, title) : t.chat.requestFrom(name)}</h2>
      {(inviter ?? peer)?.handle && !name.startsWith('@') && (
        <p className={styles.handle} dir="ltr">
          @{(inviter ?? peer)?.handle}
        </p>
      )}
      <p>{t.chat.requestText}</p>
      <Problem text={accept.problem ?? decline.problem} />
      <div className={styles.actions}>
        <Button kind="danger" disabled={busy} onClick={() => void decline.run(true)}>
          {t.chat.declineBlock}
        </Button>
        <Button disabled={busy} onClick={() => void decline.run(false)}>
          {t.chat.decline}
        </Button>
        <Button kind="primary" busy={accept.busy} disabled={decline.busy} onClick={() => void accept.run()}>
          {t.chat.accept}
        </Button>
      </div>
    </section>
  );
}
