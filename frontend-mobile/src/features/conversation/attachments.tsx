import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Attachment, Message } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { IconButton } from '../../ui/button';
import disc from '../../ui/disc.module.css';
import { Icon } from '../../ui/icon';
import { openFile, saveFile, type Opened } from '../../page/opened-files';
import { PictureViewer } from './picture-viewer';
import { Preview } from './preview';
import { TransferProgress } from './transfer-progress';
import { useTransfer } from './use-transfer';
import { levelsOf, VoicePlayer } from './voice-player';
import styles from './attachments.module.css';

/** What is fetched without being asked for. */
const byItself = 8 * 1024 * 1024;

interface Props {
  readonly message: Message;
  readonly attachments: readonly Attachment[];
  readonly stop: boolean;
  /** Whether pictures come by themselves: in conversations that were accepted. */
  readonly eager: boolean;
}

/** The files of a message: pictures in place, all else to save. */
export function Attachments({ message, attachments, stop, eager }: Props) {
  const [viewed, setViewed] = useState<number | null>(null);
  const pictures = attachments.filter(isPicture);
  return (
    <div className={styles.attachments}>
      {attachments.map(attachment =>
        isPicture(attachment) ? (
          <Picture
            key={attachment.id}
            message={message}
            attachment={attachment}
            stop={stop}
            eager={eager}
            onView={() => setViewed(pictures.indexOf(attachment))}
          />
        ) : attachment.inline && attachment.type.startsWith('audio/') ? (
          <Sound key={attachment.id} message={message} attachment={attachment} stop={stop} eager={eager} />
        ) : (
          <File key={attachment.id} message={message} attachment={attachment} stop={stop} />
        ),
      )}
      {viewed !== null && <PictureViewer message={message} pictures={pictures} first={viewed} onClose={() => setViewed(null)} />}
    </div>
  );
}

const isPicture = (attachment: Attachment): boolean =>
  attachment.inline && attachment.type.startsWith('image/') && attachment.width > 0 && attachment.height > 0;

function Picture({ message, attachment, stop, eager, onView }: Omit<Props, 'attachments'> & { readonly attachment: Attachment; readonly onView: () => void }) {
  const t = useTexts();
  const { opened, problem, busy, open } = useOpened(message, attachment, eager && attachment.size <= byItself);
  // The room is there before the picture is: nothing moves when it comes.
  const size = useCallback(
    (element: HTMLElement | null) => {
      element?.style.setProperty('--width', String(attachment.width));
      element?.style.setProperty('--height', String(attachment.height));
    },
    [attachment.width, attachment.height],
  );
  if (opened && !opened.url) return <File message={message} attachment={attachment} stop={stop} />;
  return (
    <figure className={styles.picture} ref={size}>
      <button
        type="button"
        tabIndex={stop ? 0 : -1}
        className={styles.open}
        aria-label={t.files.view(attachment.name)}
        onClick={() => (opened ? onView() : void open())}
      >
        {attachment.preview && <Preview preview={attachment.preview} />}
        {opened?.url ? <img src={opened.url} alt={attachment.name} draggable={false} /> : !busy && <Icon name="down" />}
      </button>
      <Progress message={message} attachment={attachment} stop={stop} />
      {problem && <p className={styles.problem}>{problem}</p>}
    </figure>
  );
}

function Sound({ message, attachment, stop, eager }: Omit<Props, 'attachments'> & { readonly attachment: Attachment }) {
  const t = useTexts();
  const { opened, problem, open } = useOpened(message, attachment, eager && attachment.levels !== null && attachment.size <= byItself);
  const levels = useMemo(() => (attachment.levels ? levelsOf(attachment.levels) : null), [attachment.levels]);
  const save = async () => {
    const file = opened ?? (await open());
    if (file) saveFile(file.file, attachment.name);
  };
  // What says it is a sound and is none is a file like any other; so is one that is no voice, to be saved under its name.
  if (opened && !opened.url) return <File message={message} attachment={attachment} stop={stop} />;
  return (
    <div className={styles.file}>
      <VoicePlayer
        open={async () => (opened ?? (await open()))?.url ?? null}
        milliseconds={attachment.length}
        levels={levels}
        place={`${message.conversation}/${message.id}/${attachment.id}`}
        name={levels ? t.voice.message : attachment.name}
        stop={stop}
      >
        {levels && <IconButton icon="down" label={t.files.save(t.voice.message)} tabIndex={stop ? 0 : -1} onClick={() => void save()} />}
      </VoicePlayer>
      {levels ? (
        <>
          <Progress message={message} attachment={attachment} stop={stop} />
          {problem && <p className={styles.problem}>{problem}</p>}
        </>
      ) : (
        <File message={message} attachment={attachment} stop={stop} />
      )}
    </div>
  );
}

function File({ message, attachment, stop }: { readonly message: Message; readonly attachment: Attachment; readonly stop: boolean }) {
  const t = useTexts();
  const formats = useFormats();
  const { problem, busy, open } = useOpened(message, attachment, false);
  const save = async () => {
    const file = await open();
    if (file) saveFile(file.file, attachment.name);
  };
  return (
    <div className={styles.file}>
      <button type="button" tabIndex={stop ? 0 : -1} className={styles.save} disabled={busy} onClick={() => void save()}>
        <span className="visually-hidden">{t.app.save}</span>
        <span className={disc.disc}>
          <Icon name="down" />
        </span>
        <span className={styles.fileText}>
          <bdi className={styles.name}>{attachment.name}</bdi>
          <span className={styles.size}>{formats.bytes(attachment.size)}</span>
        </span>
      </button>
      <Progress message={message} attachment={attachment} stop={stop} />
      {problem && <p className={styles.problem}>{problem}</p>}
    </div>
  );
}

/** How far it is, with the way to stop it. */
function Progress({ message, attachment, stop }: { readonly message: Message; readonly attachment: Attachment; readonly stop: boolean }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const transfer = useTransfer(attachment.id);
  const waits = message.mine && message.state === 'queued';
  const moving = transfer?.state === 'uploading' || transfer?.state === 'downloading';
  if (!waits && !(moving && transfer.state === 'downloading')) return null;
  const cancel = () =>
    void (
      waits
        ? client.request('message.delete', { conversation: message.conversation, messages: [message.id], forEveryone: false })
        : client.request('attachment.cancel', { attachment: attachment.id })
    ).catch(() => undefined);
  return (
    <TransferProgress
      label={t.files.progress(attachment.name)}
      done={moving ? transfer.done : transfer?.state === 'uploaded' ? transfer.total : 0}
      total={transfer?.total ?? 0}
      text={moving ? `${formats.bytes(transfer.done)} / ${formats.bytes(transfer.total)}` : t.files.waits}
      cancel={t.files.cancel}
      tabIndex={stop ? 0 : -1}
      onCancel={cancel}
    />
  );
}

function useOpened({ conversation, id }: Message, attachment: Attachment, atOnce: boolean) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const [opened, setOpened] = useState<Opened | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const open = useCallback(async (): Promise<Opened | null> => {
    setBusy(true);
    setProblem(null);
    try {
      const file = await openFile(client, { conversation, id }, attachment.id);
      // What can only be saved is not kept: it may be large.
      if (attachment.inline) setOpened(file);
      return file;
    } catch (error) {
      setProblem(explain(error, t, formats));
      return null;
    } finally {
      setBusy(false);
    }
    // A message is another object after each change; what it holds of files stays.
  }, [client, conversation, id, attachment.id, attachment.inline, t, formats]);
  useEffect(() => {
    if (atOnce) void open();
  }, [atOnce, open]);
  return { opened, problem, busy, open };
}
