import type { Conversation, Member, Role } from '../../client';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { SelectField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Row } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';

const roles: readonly Role[] = ['member', 'admin', 'owner'];

/** A member of a group: who they are, what they may do, and what one may do with them. */
export function MemberDialog({
  conversation,
  member,
  onClose,
}: {
  readonly conversation: Conversation;
  readonly member: Member;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const client = useClient();
  const { contact, role } = member;
  const owner = conversation.state === 'active' && conversation.myRole === 'owner';
  const mayRemove = owner || (conversation.state === 'active' && conversation.myRole === 'admin' && role === 'member');
  const setRole = useAction((next: Role) => client.request('conversation.setRole', { conversation: conversation.id, account: contact.account, role: next }));
  const write = useAction(async () => {
    const direct = await client.request('conversations.direct', { account: contact.account });
    navigate(to.conversation(direct.id));
  });
  const remove = useAction(async () => {
    await client.request('conversation.remove', { conversation: conversation.id, account: contact.account });
    onClose();
  });
  return (
    <Dialog
      title={contact.name}
      onClose={onClose}
      actions={
        mayRemove && (
          <Button kind="danger" busy={remove.busy} onClick={() => void remove.run()}>
            {t.info.remove}
          </Button>
        )
      }
    >
      <p>
        {contact.handle && <span dir="ltr">@{contact.handle} · </span>}
        {t.roles[role]} · {t.info.devices(member.devices)}
      </p>
      <div>
        <Row start={<Icon name="pencil" />} title={t.info.message} onClick={() => void write.run()} />
        <Row
          href={to.safety(contact.account, conversation.id)}
          start={<Icon name={contact.trust === 'verified' ? 'shieldCheck' : 'shield'} />}
          title={t.info.verify}
          text={t.chat.trust[contact.trust]}
        />
      </div>
      {owner && (
        <SelectField
          label={t.info.role}
          hint={t.rolesText[role]}
          value={role}
          disabled={setRole.busy}
          onChange={event => void setRole.run(event.target.value as Role)}
        >
          {roles.map(one => (
            <option key={one} value={one}>
              {t.roles[one]}
            </option>
          ))}
        </SelectField>
      )}
      {mayRemove && <p>{t.info.removeText}</p>}
      <Problem text={setRole.problem ?? write.problem ?? remove.problem} />
    </Dialog>
  );
}
