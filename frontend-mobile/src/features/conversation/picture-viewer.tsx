import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Attachment, Message } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { IconButton } from '../../ui/button';
import { openFile, saveFile, type Opened } from '../../page/opened-files';
import styles from './picture-viewer.module.css';

/** The pictures of a message, large: arrows, zoom, save, Escape. The focus goes back to where it was. */
export function PictureViewer({
  message,
  pictures,
  first,
  onClose,
}: {
  readonly message: Message;
  readonly pictures: readonly Attachment[];
  readonly first: number;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [at, setAt] = useState(first);
  const [large, setLarge] = useState(false);
  const [shown, setShown] = useState<{ readonly of: string; readonly opened: Opened | null; readonly problem: string | null } | null>(null);
  const picture = pictures[at]!;

  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);

  useEffect(() => {
    let current = true;
    openFile(client, message, picture.id).then(
      opened => current && setShown({ of: picture.id, opened, problem: null }),
      (error: unknown) => current && setShown({ of: picture.id, opened: null, problem: explain(error, t, formats) }),
    );
    return () => {
      current = false;
    };
  }, [client, message, picture.id, t, formats]);

  const go = (by: number) => {
    setLarge(false);
    setAt(now => Math.max(0, Math.min(pictures.length - 1, now + by)));
  };
  const keys = (event: KeyboardEvent) => {
    const forward = document.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const back = document.dir === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
    if (event.key === forward) go(1);
    else if (event.key === back) go(-1);
    else if (event.key === '+' || event.key === '=') setLarge(true);
    else if (event.key === '-') setLarge(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const ready = shown?.of === picture.id ? shown : null;

  return (
    <dialog
      ref={dialog}
      className={styles.viewer}
      aria-label={picture.name}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={keys}
    >
      <div className={styles.bar}>
        <p className={styles.name}>
          <bdi>{picture.name}</bdi>
          <span>
            {formats.bytes(picture.size)}
            {pictures.length > 1 && ` · ${at + 1} / ${pictures.length}`}
          </span>
        </p>
        <IconButton icon="search" label={large ? t.files.smaller : t.files.larger} aria-pressed={large} onClick={() => setLarge(!large)} />
        <IconButton icon="down" label={t.files.save(picture.name)} onClick={() => ready?.opened && saveFile(ready.opened.file, picture.name)} />
        <IconButton icon="close" label={t.app.close} onClick={onClose} />
      </div>
      <div
        className={large ? styles.large : styles.fit}
        tabIndex={large ? 0 : -1}
        role="group"
        aria-label={picture.name}
        onClick={event => {
          if (event.target === event.currentTarget) onClose();
        }}
      >
        {ready?.opened?.url && <img src={ready.opened.url} alt={picture.name} onDoubleClick={() => setLarge(!large)} />}
        {ready?.problem && <p className={styles.problem}>{ready.problem}</p>}
      </div>
      {pictures.length > 1 && (
        <>
          <div className={styles.previous}>{at > 0 && <IconButton icon="back" label={t.files.previous} onClick={() => go(-1)} />}</div>
          <div className={styles.next}>{at < pictures.length - 1 && <IconButton icon="chevron" label={t.files.next} onClick={() => go(1)} />}</div>
        </>
      )}
    </dialog>
  );
}
