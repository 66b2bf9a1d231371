import type { Conversation, Message } from '../../client';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { Excerpts } from './excerpts';

/** For everybody, or only for me. */
export function DeleteDialog({
  conversation,
  messages,
  onDone,
  onClose,
}: {
  readonly conversation: Conversation;
  readonly messages: readonly Message[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const client = useClient();
  const forAll = messages.every(message => message.mayDelete) && conversation.cannotSend === null;
  const remove = useAction(async (forEveryone: boolean) => {
    await client.request('message.delete', { conversation: conversation.id, messages: messages.map(message => message.id), forEveryone });
    onClose();
    onDone();
  });
  return (
    <Dialog
      title={t.acts.deleteTitle(messages.length)}
      onClose={onClose}
      actions={
        <>
          {forAll && (
            <Button kind="danger" busy={remove.busy} onClick={() => void remove.run(true)}>
              {t.acts.deleteForEveryone}
            </Button>
          )}
          <Button kind={forAll ? 'quiet' : 'danger'} busy={remove.busy} onClick={() => void remove.run(false)}>
            {t.acts.deleteForMe}
          </Button>
        </>
      }
    >
      {messages.length === 1 && <Excerpts messages={messages} />}
      <p>{forAll ? t.acts.deleteText : t.acts.deleteNotForAll}</p>
      <Problem text={remove.problem} />
    </Dialog>
  );
}
