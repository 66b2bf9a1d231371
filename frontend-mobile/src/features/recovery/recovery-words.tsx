import { useEffect, useState, type FormEvent } from 'react';
import { useLanguage, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { SelectField, TextField } from '../../ui/field';
import { Line } from '../../ui/line';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { useHeadingFocus } from '../../ui/use-heading-focus';
import { matches, twoOf } from './check';
import styles from './recovery-words.module.css';

/** Makes a recovery key, shows its words once, and has two of them typed again. */
export function RecoveryWords({
  onDone,
  onLater,
  replaces,
}: {
  readonly onDone: () => void;
  readonly onLater?: (() => void) | undefined;
  readonly replaces: boolean;
}) {
  const t = useTexts();
  const client = useClient();
  const { language } = useLanguage();
  const [wordsIn, setWordsIn] = useState<'english' | 'french'>(language === 'fr' ? 'french' : 'english');
  const [words, setWords] = useState<readonly string[] | null>(null);
  const [asked, setAsked] = useState<readonly number[] | null>(null);
  const [wrong, setWrong] = useState<readonly number[]>([]);
  const list = useHeadingFocus<HTMLOListElement>(words !== null && asked === null);
  const make = useAction(async () => setWords((await client.request('recovery.generate', { language: wordsIn })).words));
  const use = useAction(async () => {
    await client.request('recovery.use');
    onDone();
  });

  // What was shown and not confirmed is nobody's key.
  useEffect(() => () => void client.request('recovery.drop').catch(() => undefined), [client]);

  if (!words) {
    return (
      <div className={styles.steps}>
        <p>{t.recovery.text}</p>
        {replaces && (
          <Line boxed icon="info">
            {t.recovery.replaceText}
          </Line>
        )}
        <SelectField label={t.recovery.language} value={wordsIn} onChange={event => setWordsIn(event.target.value === 'french' ? 'french' : 'english')}>
          <option value="english">English</option>
          <option value="french">Français</option>
        </SelectField>
        <Problem text={make.problem} />
        <Button kind="primary" wide icon="key" busy={make.busy} onClick={() => void make.run()}>
          {replaces ? t.recovery.replace : t.recovery.make}
        </Button>
        {onLater && (
          <Button kind="plain" wide onClick={onLater}>
            {t.recovery.later}
          </Button>
        )}
      </div>
    );
  }
  if (!asked) {
    return (
      <div className={styles.steps}>
        <Line boxed kind="attention" icon="pencil">
          {t.recovery.once}
        </Line>
        <ol ref={list} tabIndex={-1} className={styles.words} translate="no" lang={wordsIn === 'french' ? 'fr' : 'en'} dir="ltr">
          {words.map((word, at) => (
            <li key={at}>
              <span className={styles.number}>{at + 1}</span>
              {word}
            </li>
          ))}
        </ol>
        <Button kind="primary" wide onClick={() => setAsked(twoOf(words.length))}>
          {t.recovery.written}
        </Button>
      </div>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const missed = asked.filter(at => !matches(String(form.get(`word${at}`) ?? ''), words[at] ?? ''));
    setWrong(missed);
    if (missed.length === 0) void use.run();
  };
  return (
    <form className={styles.steps} onSubmit={submit} noValidate>
      <p>{t.recovery.checkText}</p>
      {asked.map((at, order) => (
        <TextField
          key={at}
          name={`word${at}`}
          label={t.recovery.wordAt(at + 1)}
          problem={wrong.includes(at) ? t.recovery.checkWrong : null}
          autoFocus={order === 0}
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
        />
      ))}
      <Problem text={use.problem} />
      <Button kind="primary" type="submit" wide busy={use.busy}>
        {t.recovery.confirm}
      </Button>
      <Button
        kind="plain"
        wide
        onClick={() => {
          setAsked(null);
          setWrong([]);
        }}
      >
        {t.recovery.seeAgain}
      </Button>
    </form>
  );
}
