import { useState, type FormEvent } from 'react';
import { useLive, type Contact } from '../../client';
import { useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/field';
import { Pane, Section } from '../../ui/pane';
import { PeoplePicker } from '../../ui/people-picker';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './new-conversation.module.css';

/** Makes a group. */
export function NewGroup() {
  const t = useTexts();
  const client = useClient();
  const contacts = useLive(client.contacts);
  const [title, setTitle] = useState('');
  const [chosen, setChosen] = useState<readonly Contact[]>([]);
  const create = useAction(async () => {
    const group = await client.request('conversations.createGroup', { title: title.trim(), accounts: chosen.map(one => one.account) });
    navigate(to.conversation(group.id), true);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void create.run();
  };
  return (
    <Pane title={t.compose.newGroup} back={to.new}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <Section>
          <TextField
            label={t.compose.groupTitle}
            hint={t.compose.groupTitleHint}
            value={title}
            maxLength={100}
            autoFocus
            autoComplete="off"
            onChange={event => setTitle(event.target.value)}
          />
        </Section>
        <Section title={`${t.compose.members}${chosen.length > 0 ? ` · ${t.compose.chosen(chosen.length)}` : ''}`}>
          <PeoplePicker people={contacts.filter(contact => !contact.blocked)} chosen={chosen} onChange={setChosen} />
        </Section>
        <Problem text={create.problem} />
        <Button kind="primary" type="submit" wide busy={create.busy} disabled={title.trim() === ''}>
          {create.busy ? t.compose.creating : t.compose.create}
        </Button>
      </form>
    </Pane>
  );
}
