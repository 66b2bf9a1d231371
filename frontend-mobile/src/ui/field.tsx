import { useId, useState, type ComponentProps, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { classNames } from './class-names';
import { Icon } from './icon';
import styles from './field.module.css';

interface Described {
  readonly label: string;
  /** Beside the label, in small: “optional”. */
  readonly note?: string;
  readonly hint?: ReactNode;
  /** What is wrong with what was typed; read out when it appears. */
  readonly problem?: string | null;
}

/** A line to type into, with its label, a hint, and what is wrong with it. */
export function TextField({
  label,
  note,
  hint,
  problem,
  before,
  after,
  className,
  ...input
}: Described & ComponentProps<'input'> & { readonly before?: ReactNode; readonly after?: ReactNode }) {
  const id = useId();
  return (
    <div className={classNames(styles.field, className)}>
      <label htmlFor={id} className={styles.label}>
        {label}
        {note && <span className={styles.note}> {note}</span>}
      </label>
      {/* What stands before the text stands where the text begins. */}
      <div className={classNames(styles.box, problem && styles.wrong)} dir={before ? input.dir : undefined}>
        {before}
        <input dir="auto" {...input} id={id} className={styles.input} aria-invalid={problem ? true : undefined} aria-describedby={`${id}-hint ${id}-problem`} />
        {after}
      </div>
      <p id={`${id}-problem`} className={styles.problem} role="alert">
        {problem && (
          <>
            <Icon name="warning" small /> {problem}
          </>
        )}
      </p>
      <p id={`${id}-hint`} className={styles.hint} hidden={!hint || Boolean(problem)}>
        {hint}
      </p>
    </div>
  );
}

/** A password; it can be shown, since what is seen is mistyped less. */
export function PasswordField(props: Described & ComponentProps<'input'>) {
  const t = useTexts();
  const [shown, setShown] = useState(false);
  return (
    <TextField
      {...props}
      dir="ltr"
      type={shown ? 'text' : 'password'}
      autoCapitalize="off"
      spellCheck={false}
      after={
        <button
          type="button"
          className={styles.inside}
          aria-pressed={shown}
          aria-label={shown ? t.signUp.hide : t.signUp.show}
          onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? 'eyeOff' : 'eye'} />
        </button>
      }
    />
  );
}

/** One of a few choices. */
export function SelectField({ label, note, hint, problem, children, className, ...select }: Described & ComponentProps<'select'>) {
  const id = useId();
  return (
    <div className={classNames(styles.field, className)}>
      <label htmlFor={id} className={styles.label}>
        {label}
        {note && <span className={styles.note}> {note}</span>}
      </label>
      <div className={classNames(styles.box, styles.select)}>
        <select {...select} id={id} className={styles.input} aria-describedby={hint ? `${id}-hint` : undefined}>
          {children}
        </select>
        <Icon name="chevron" small />
      </div>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {problem && (
        <p className={styles.problem} role="alert">
          <Icon name="warning" small /> {problem}
        </p>
      )}
    </div>
  );
}

/** On or off. */
export function Switch({
  label,
  hint,
  on,
  onChange,
  disabled,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <div>
        <label htmlFor={id} className={styles.switchLabel}>
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        className={styles.switch}
        checked={on}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={event => onChange(event.target.checked)}
      />
    </div>
  );
}
