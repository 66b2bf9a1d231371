import { useCallback, useEffect, useMemo, useState, type FormEvent } from 'react';
import { useLive, type Conversation, type Id, type Member, type Role } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Digits } from '../../ui/digits';
import { SelectField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Pane, Row, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { Tile } from '../../ui/tile';
import { timerChoices } from '../../ui/timers';
import { useAction } from '../../ui/use-action';
import { AddMembers } from './add-members';
import { MemberDialog } from './member-dialog';
import styles from './conversation-info.module.css';

/** Everything about a conversation but its messages: who is in it, how sure one can be, how long messages live, and the way out. */
export function ConversationInfo({ id }: { readonly id: Id }) {
  const t = useTexts();
  const client = useClient();
  const live = useMemo(() => client.conversation(id), [client, id]);
  const conversation = useLive(live);
  const members = useMembers(id);
  const [dialog, setDialog] = useState<'leave' | 'block' | 'rename' | 'add' | null>(null);
  const [member, setMember] = useState<Id | null>(null);
  const epoch = useEpochNumber(id, conversation?.members ?? 0);
  if (!conversation) return <Pane title={t.info.title} back={to.list} children={null} />;

  const { kind, peer, title, state } = conversation;
  const group = kind === 'group';
  const active = state === 'active';
  const mayChange = active && group && conversation.myRole !== 'member';
  const close = () => setDialog(null);
  const chosen = members.find(one => one.contact.account === member);

  return (
    <Pane title={t.info.title} back={to.conversation(id)}>
      <div className={styles.head}>
        <Tile id={peer?.account ?? id} name={title} group={group} size="l" />
        <h2 className={styles.name}>
          <bdi>{title}</bdi>
        </h2>
        {peer?.handle && (
          <p className={styles.handle} dir="ltr">
            @{peer.handle}
          </p>
        )}
        {peer?.blocked && <p className={styles.blocked}>{t.info.blocked}</p>}
        {mayChange && (
          <Button icon="edit" onClick={() => setDialog('rename')}>
            {t.info.rename}
          </Button>
        )}
      </div>

      {peer && (
        <Section>
          <Row
            href={to.safety(peer.account, id)}
            start={<Icon name={peer.trust === 'verified' ? 'shieldCheck' : peer.trust === 'unverified' ? 'shield' : 'warning'} />}
            title={t.info.verify}
            text={t.chat.trust[peer.trust]}
          />
        </Section>
      )}

      {active && (!group || mayChange) && <Timer conversation={conversation} />}

      {group && members.length > 0 && (
        <Section title={`${t.info.members} · ${members.length}`}>
          {mayChange && <Row start={<Icon name="add" />} title={t.info.addMembers} onClick={() => setDialog('add')} />}
          {members.map(one => (
            <Row
              key={one.contact.account}
              start={<Tile id={one.contact.account} name={one.contact.name} />}
              title={
                <>
                  <bdi>{one.contact.name}</bdi>
                  {one.me && ` (${t.info.me})`}
                </>
              }
              text={one.pending === 'joining' ? t.info.joining : one.pending === 'removing' ? t.info.removing : describe(one, t.chat.trustShort, t.roles)}
              {...(!one.me && { onClick: () => setMember(one.contact.account) })}
            />
          ))}
        </Section>
      )}

      {epoch && (
        <Section title={t.info.epoch} text={t.info.epochText}>
          <Digits groups={epoch} />
        </Section>
      )}

      <Section>
        {peer && (
          <Row
            danger={!peer.blocked}
            start={<Icon name={peer.blocked ? 'check' : 'close'} />}
            title={peer.blocked ? t.info.unblock(peer.name) : t.info.block(peer.name)}
            onClick={() => setDialog('block')}
          />
        )}
        {active && <Row danger start={<Icon name="leave" />} title={group ? t.info.leave : t.info.leaveDirect} onClick={() => setDialog('leave')} />}
      </Section>

      {dialog === 'leave' && <Leave conversation={conversation} members={members} onClose={close} />}
      {dialog === 'block' && peer && <Block account={peer.account} name={peer.name} blocked={peer.blocked} onClose={close} />}
      {dialog === 'rename' && <Rename conversation={conversation} onClose={close} />}
      {dialog === 'add' && <AddMembers conversation={conversation} members={members} onClose={close} />}
      {chosen && <MemberDialog conversation={conversation} member={chosen} onClose={() => setMember(null)} />}
    </Pane>
  );
}

function describe(member: Member, trust: Record<string, string>, roles: Record<Role, string>): string {
  return member.me || member.contact.trust === 'unverified' ? roles[member.role] : `${roles[member.role]} · ${trust[member.contact.trust]}`;
}

/** The members, read again whenever the conversation changes. */
function useMembers(id: Id): readonly Member[] {
  const client = useClient();
  const [members, setMembers] = useState<readonly Member[]>([]);
  const read = useCallback(() => {
    client
      .request('conversation.members', { conversation: id })
      .then(setMembers)
      .catch(() => undefined);
  }, [client, id]);
  useEffect(() => {
    read();
    return client.onEvent(event => {
      if ((event.type === 'conversation' && event.conversation.id === id) || event.type === 'contact' || event.type === 'key.changed') read();
    });
  }, [client, id, read]);
  return members;
}

function useEpochNumber(id: Id, changes: number): readonly string[] | null {
  const client = useClient();
  const [number, setNumber] = useState<readonly string[] | null>(null);
  useEffect(() => {
    client
      .request('conversation.epochNumber', { conversation: id })
      .then(setNumber)
      .catch(() => undefined);
  }, [client, id, changes]);
  return number;
}

function Timer({ conversation }: { readonly conversation: Conversation }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const set = useAction((timer: number | null) => client.request('conversation.setTimer', { conversation: conversation.id, timer }));
  const choices = timerChoices(conversation.timer);
  return (
    <Section>
      <SelectField
        label={t.info.timer}
        hint={t.info.timerText}
        problem={set.problem}
        disabled={set.busy}
        value={conversation.timer ?? 0}
        onChange={event => void set.run(Number(event.target.value) || null)}
      >
        <option value={0}>{t.info.timerOff}</option>
        {choices.map(seconds => (
          <option key={seconds} value={seconds}>
            {formats.duration(seconds)}
          </option>
        ))}
      </SelectField>
    </Section>
  );
}

function Leave({ conversation, members, onClose }: { readonly conversation: Conversation; readonly members: readonly Member[]; readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const leave = useAction(async () => {
    await client.request('conversation.leave', { conversation: conversation.id });
    navigate(to.conversation(conversation.id));
  });
  const lastOwner =
    conversation.kind === 'group' && conversation.myRole === 'owner' && members.length > 1 && members.filter(one => one.role === 'owner').length === 1;
  return (
    <Dialog
      title={conversation.kind === 'group' ? t.info.leave : t.info.leaveDirect}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button kind="danger" busy={leave.busy} onClick={() => void leave.run()}>
            {conversation.kind === 'group' ? t.info.leave : t.info.leaveDirect}
          </Button>
        </>
      }
    >
      <p>{t.info.leaveText}</p>
      {lastOwner && <p>{t.info.leaveOwner}</p>}
      <Problem text={leave.problem} />
    </Dialog>
  );
}

function Block({ account, name, blocked, onClose }: { readonly account: Id; readonly name: string; readonly blocked: boolean; readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const block = useAction(async () => {
    await client.request('contacts.block', { account, blocked: !blocked });
    onClose();
  });
  const title = blocked ? t.info.unblock(name) : t.info.block(name);
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button kind={blocked ? 'primary' : 'danger'} busy={block.busy} onClick={() => void block.run()}>
            {title}
          </Button>
        </>
      }
    >
      {!blocked && <p>{t.info.blockText}</p>}
      <Problem text={block.problem} />
    </Dialog>
  );
}

function Rename({ conversation, onClose }: { readonly conversation: Conversation; readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const rename = useAction(async (title: string) => {
    await client.request('conversation.rename', { conversation: conversation.id, title });
    onClose();
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get('title') ?? '').trim();
    if (title) void rename.run(title);
  };
  return (
    <Dialog title={t.info.rename} onClose={onClose}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextField name="title" label={t.compose.groupTitle} hint={t.compose.groupTitleHint} defaultValue={conversation.title} maxLength={100} autoFocus />
        <Problem text={rename.problem} />
        <Button kind="primary" type="submit" wide busy={rename.busy}>
          {t.app.save}
        </Button>
      </form>
    </Dialog>
  );
}
