import { useState } from 'react';
import { useFormats } from '@app/i18n';
import { SelectField } from '@app/ui/field';
import { useToast } from '@app/ui/toasts';
import type { Id } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Confirm } from '../ui/confirm';
import { Waiting } from '../ui/asked';
import styles from './screens.module.css';

const ages = [30, 14, 7, 3, 1] as const;

/** Says what would go, and has it deleted: files of one account, or of everybody where there is none. */
export function Purge({
  account,
  handle,
  onClose,
  onDone,
}: {
  readonly account: Id | null;
  readonly handle: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const t = useWords().storage;
  const formats = useFormats();
  const say = useToast();
  const { dashboard } = useDashboard();
  const [days, setDays] = useState<number>(ages[0]);
  const found = useAsked(async () => ({ days, ...(await dashboard.previewPurge(days, account)) }), String(days));
  const preview = found.value?.days === days ? found.value : null;
  return (
    <Confirm
      title={t.delete}
      text={handle === null ? t.purgeAllText : t.purgeText(`@${handle}`)}
      danger
      disabled={preview === null || preview.files === 0}
      act={() => dashboard.purge(days, account)}
      onClose={onClose}
      onDone={() => {
        say({ text: t.purged });
        onDone();
      }}
    >
      <SelectField label={t.older} value={days} onChange={event => setDays(Number(event.target.value))}>
        {ages.map(age => (
          <option key={age} value={age}>
            {formats.duration(age * 86_400)}
          </option>
        ))}
      </SelectField>
      <Waiting asked={found} />
      {preview && (
        <p role="status" className={styles.preview}>
          {preview.files === 0 ? t.nothing : t.would(preview.files, formats.bytes(preview.bytes))}
        </p>
      )}
    </Confirm>
  );
}
