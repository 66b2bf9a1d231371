import { useState } from 'react';
import { useFormats } from '@app/i18n';
import { Button } from '@app/ui/button';
import { SelectField, Switch } from '@app/ui/field';
import { Line } from '@app/ui/line';
import { Section } from '@app/ui/pane';
import { Problem } from '@app/ui/problem';
import { useToast } from '@app/ui/toasts';
import type { Policy } from '../api/records';
import { useAsked, useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Confirm } from '../ui/confirm';
import styles from './screens.module.css';

const retentions = [1, 2, 7, 14, 30] as const;
const timers = [0, 30, 300, 3600, 28_800, 86_400, 604_800, 2_419_200] as const;
const sizes = [0, 1e6, 1e7, 2.5e7, 1e8, 268_435_456] as const;
const quotas = [1e8, 5e8, 1e9, 2e9, 4_294_967_296] as const;
const locks = [0, 60, 300, 900, 3600] as const;

/** What the instance asks of everybody; an owner changes it. */
export function PolicyScreen() {
  const words = useWords();
  const { dashboard } = useDashboard();
  const policy = useAsked(() => dashboard.policy());
  if (policy.value) return <PolicyForm key={policy.value.number} policy={policy.value} onChanged={policy.again} />;
  return policy.problem ? (
    <Line kind="danger" boxed icon="warning">
      {policy.problem}
    </Line>
  ) : (
    <p role="status">{words.loading}</p>
  );
}

function PolicyForm({ policy, onChanged }: { readonly policy: Policy; readonly onChanged: () => void }) {
  const words = useWords();
  const t = words.policy;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const say = useToast();
  const isOwner = useRank() === 'owner';
  const [next, setNext] = useState(policy);
  const [isAsking, setAsking] = useState(false);
  const set = (part: Partial<Policy>) => setNext({ ...next, ...part });
  const isWrong = next.timerCeiling !== 0 && next.timerFloor > next.timerCeiling;
  const isSame = JSON.stringify(next) === JSON.stringify(policy);
  const timer = (seconds: number) => (seconds === 0 ? t.none : formats.duration(seconds));
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <p className={styles.small}>
        {t.number(policy.number)}
        {!isOwner && ` · ${t.onlyOwner}`}
      </p>
      <fieldset disabled={!isOwner} className={styles.fields}>
        <Section>
          <SelectField label={t.registration} value={next.registration} onChange={event => set({ registration: event.target.value as Policy['registration'] })}>
            <option value="invite">{t.invite}</option>
            <option value="open">{t.openToAll}</option>
          </SelectField>
          <Choice
            label={t.retention}
            value={next.retentionDays}
            choices={retentions}
            name={days => String(days)}
            onChange={retentionDays => set({ retentionDays })}
          />
        </Section>
        <Section title={t.timers}>
          <div className={styles.pair}>
            <Choice label={t.floor} value={next.timerFloor} choices={timers} name={timer} onChange={timerFloor => set({ timerFloor })} />
            <Choice label={t.ceiling} value={next.timerCeiling} choices={timers} name={timer} onChange={timerCeiling => set({ timerCeiling })} />
          </div>
          <Problem text={isWrong ? t.wrong : null} />
        </Section>
        <Section title={t.attachments} text={t.kept}>
          <div className={styles.pair}>
            <Choice
              label={t.attachmentSize}
              value={next.attachmentBytes}
              choices={sizes}
              name={bytes => (bytes === 0 ? t.noFiles : formats.bytes(bytes))}
              onChange={attachmentBytes => set({ attachmentBytes })}
            />
            <Choice
              label={t.attachmentQuota}
              value={next.attachmentQuota}
              choices={quotas}
              name={bytes => formats.bytes(bytes)}
              onChange={attachmentQuota => set({ attachmentQuota })}
            />
          </div>
        </Section>
        <Section title={t.app} text={t.kept}>
          <Switch label={t.receipts} on={next.receipts} onChange={receipts => set({ receipts })} disabled={!isOwner} />
          <Choice
            label={t.lock}
            value={next.lockAfter}
            choices={locks}
            name={seconds => (seconds === 0 ? t.asTheyLike : formats.duration(seconds))}
            onChange={lockAfter => set({ lockAfter })}
          />
        </Section>
        <Section title={t.suites}>
          <p>{t.suite}</p>
        </Section>
        {isOwner && (
          <Button kind="primary" disabled={isSame || isWrong} onClick={() => setAsking(true)}>
            {t.save}
          </Button>
        )}
      </fieldset>
      {isAsking && (
        <Confirm
          title={t.save}
          text={t.confirm}
          act={() => dashboard.setPolicy({ ...next, number: policy.number + 1 })}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            say({ text: t.saved });
            onChanged();
          }}
        />
      )}
    </>
  );
}

/** One of a few numbers; the one in force is among them, whatever it is. */
function Choice({
  label,
  value,
  choices,
  name,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly choices: readonly number[];
  readonly name: (value: number) => string;
  readonly onChange: (value: number) => void;
}) {
  const [own] = useState(value);
  const all = [...new Set([...choices, own])].sort((a, b) => a - b);
  return (
    <SelectField label={label} value={value} onChange={event => onChange(Number(event.target.value))}>
      {all.map(each => (
        <option key={each} value={each}>
          {name(each)}
        </option>
      ))}
    </SelectField>
  );
}
