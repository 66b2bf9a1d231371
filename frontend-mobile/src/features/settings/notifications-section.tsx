import { useState } from 'react';
import { useTexts } from '../../i18n';
import { allowNotes, canWake, NotesRefused, noteSupport, refuseNotes, tryWakeUp, type NoteChoice } from '../../page/notifications';
import { usePreferences } from '../../page/preferences';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/field';
import { Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import styles from './notifications-section.module.css';

/** Notifications: asked for by a click that says what they are, and how much they say. */
export function NotificationsSection() {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  const [{ notes, wakeUps }, change] = usePreferences();
  const [refused, setRefused] = useState<NotesRefused['why'] | null>(null);
  const allow = useAction(async () => {
    setRefused(null);
    try {
      await allowNotes(client);
    } catch (error) {
      if (!(error instanceof NotesRefused)) throw error;
      setRefused(error.why);
    }
  });
  const refuse = useAction(() => refuseNotes(client));
  const attempt = useAction(async () => {
    await tryWakeUp(client);
    say({ text: t.notifications.tried });
  });
  const support = noteSupport();

  if (support !== 'yes') {
    return (
      <Section title={t.notifications.title} text={support === 'home' ? t.notifications.homeText : t.notifications.cannot}>
        {support === 'home' && (
          <ol className={styles.steps}>
            {t.notifications.homeSteps.map(step => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        )}
      </Section>
    );
  }
  return (
    <Section title={t.notifications.title} text={t.notifications.text}>
      {notes === 'none' ? (
        <Button wide busy={allow.busy} onClick={() => void allow.run()}>
          {t.notifications.allow}
        </Button>
      ) : (
        <>
          <SelectField
            label={t.notifications.content}
            hint={t.notifications.contentText}
            value={notes}
            onChange={event => change({ notes: event.target.value as NoteChoice })}
          >
            <option value="plain">{t.notifications.contents.plain}</option>
            <option value="name">{t.notifications.contents.name}</option>
            <option value="text">{t.notifications.contents.text}</option>
          </SelectField>
          <p className={styles.state}>{wakeUps ? t.notifications.woken : t.notifications.notWoken}</p>
          {wakeUps ? (
            <Button wide busy={attempt.busy} onClick={() => void attempt.run()}>
              {t.notifications.tryIt}
            </Button>
          ) : (
            canWake() && (
              <Button wide busy={allow.busy} onClick={() => void allow.run()}>
                {t.notifications.wake}
              </Button>
            )
          )}
          <Button wide busy={refuse.busy} onClick={() => void refuse.run()}>
            {t.notifications.refuse}
          </Button>
        </>
      )}
      <Problem text={(refused && t.notifications.refused[refused]) ?? allow.problem ?? attempt.problem ?? refuse.problem} />
    </Section>
  );
}
