import { useState } from 'react';
import { useLive, type Contact, type Conversation, type Member } from '../../client';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { SelectField } from '../../ui/field';
import { PeoplePicker } from '../../ui/people-picker';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';

const passedOn = [20, 100, 500] as const;

/** Brings people into a group, with or without what was said before. */
export function AddMembers({
  conversation,
  members,
  onClose,
}: {
  readonly conversation: Conversation;
  readonly members: readonly Member[];
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const client = useClient();
  const contacts = useLive(client.contacts);
  const [chosen, setChosen] = useState<readonly Contact[]>([]);
  const [last, setLast] = useState(0);
  const outside = contacts.filter(contact => !members.some(member => member.contact.account === contact.account));
  const add = useAction(async () => {
    await client.request('conversation.add', { conversation: conversation.id, accounts: chosen.map(one => one.account), share: last > 0 ? { last } : null });
    onClose();
  });
  return (
    <Dialog
      title={t.info.addMembers}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button kind="primary" busy={add.busy} disabled={chosen.length === 0} onClick={() => void add.run()}>
            {t.compose.add}
          </Button>
        </>
      }
    >
      <PeoplePicker people={outside} chosen={chosen} onChange={setChosen} />
      <SelectField label={t.info.share} value={last} onChange={event => setLast(Number(event.target.value))}>
        <option value={0}>{t.info.shareNone}</option>
        {passedOn.map(count => (
          <option key={count} value={count}>
            {t.info.shareLast(count)}
          </option>
        ))}
      </SelectField>
      <Problem text={add.problem} />
    </Dialog>
  );
}
