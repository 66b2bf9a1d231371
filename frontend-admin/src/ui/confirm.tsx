import { useState, type ReactNode } from 'react';
import { useTexts } from '@app/i18n';
import { Button } from '@app/ui/button';
import { Dialog } from '@app/ui/dialog';
import { TextField } from '@app/ui/field';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import { useWords } from '../i18n';

/** Says what an act does, and asks. `typed`: what has to be typed, where nothing brings back what it deletes. */
export function Confirm({
  title,
  text,
  act,
  danger,
  disabled,
  typed,
  onClose,
  onDone,
  children,
}: {
  readonly title: string;
  readonly text: ReactNode;
  readonly act: () => Promise<unknown>;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly typed?: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
  readonly children?: ReactNode;
}) {
  const texts = useTexts();
  const words = useWords();
  const [given, setGiven] = useState('');
  const acting = useAction(act);
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{texts.app.cancel}</Button>
          <Button
            kind={danger ? 'danger' : 'primary'}
            busy={acting.busy}
            disabled={disabled || (typed !== undefined && given.trim() !== typed)}
            onClick={() =>
              void acting.run().then(done => {
                if (done) onDone();
              })
            }
          >
            {title}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      {children}
      {typed !== undefined && (
        <TextField
          label={words.people.typeHandle(typed)}
          value={given}
          dir="ltr"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          onChange={event => setGiven(event.target.value)}
        />
      )}
      <Problem text={acting.problem} />
    </Dialog>
  );
}
