import { useFormats, useTexts } from '../../i18n';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import type { Chosen } from './outgoing';
import styles from './chosen-files.module.css';

/** The files that go with the next message, each with the way to leave it out. */
export function ChosenFiles({ files, onRemove }: { readonly files: readonly Chosen[]; readonly onRemove: (file: Chosen) => void }) {
  const t = useTexts();
  const formats = useFormats();
  return (
    <div className={styles.chosen}>
      <ul className={styles.files} aria-label={t.files.chosen(files.length)}>
        {files.map(file => (
          <li key={file.key} className={styles.file}>
            {file.url ? (
              <img src={file.url} alt="" />
            ) : (
              <span className={styles.mark}>
                <Icon name="attach" />
              </span>
            )}
            <span className={styles.text}>
              <bdi>{file.name}</bdi>
              <span className={styles.size}>
                {file.stripped && <Icon name="shield" small />} {formats.bytes(file.blob.size)}
              </span>
            </span>
            <IconButton icon="close" label={t.files.remove(file.name)} onClick={() => onRemove(file)} />
          </li>
        ))}
      </ul>
      <p className={styles.note}>
        {files.every(file => file.stripped) ? t.files.stripped : files.some(file => file.stripped) ? t.files.partlyStripped : t.files.asTheyAre}
      </p>
    </div>
  );
}
