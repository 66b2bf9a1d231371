import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from 'react';
import { useFormats, useTexts } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { SendButton } from '../../ui/send-button';
import { longestMilliseconds, permission, Recorder, type Recording } from './recording';
import { VoicePlayer } from './voice-player';
import { LiveWave } from './waveform';
import styles from './voice.module.css';

/** Shorter is a tap: the recording goes on without the finger. */
const tapMs = 400;
const slideAway = 90;

/** Where the finger or mouse went down that may hold the recording. */
export interface Press {
  readonly x: number;
  readonly y: number;
  readonly at: number;
}

type State = 'looking' | 'explaining' | 'asking' | 'recording' | 'recorded' | 'denied';

/** Records a voice message in place of the composer: explained before the browser asks, heard before it is sent, and discarded at any time. */
export function VoiceRecorder({
  press,
  onSend,
  onClose,
}: {
  /** `null` where it was begun by the keyboard. */
  readonly press: Press | null;
  readonly onSend: (recording: Recording) => Promise<boolean>;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const recorder = useRef<Recorder | null>(null);
  const stopButton = useRef<HTMLButtonElement>(null);
  const sendButton = useRef<HTMLButtonElement>(null);
  const gone = useRef(false);
  const [state, setState] = useState<State>('looking');
  const [held, setHeld] = useState(press !== null);
  const [milliseconds, setMilliseconds] = useState(0);
  const [levels, setLevels] = useState<readonly number[]>([]);
  const [recording, setRecording] = useState<(Recording & { readonly url: string }) | null>(null);
  const [sending, setSending] = useState(false);

  const begin = async () => {
    setState('asking');
    try {
      const opened = await Recorder.open((time, heard) => {
        setMilliseconds(time);
        setLevels(heard.slice(-64));
        if (time >= longestMilliseconds) void stop();
      });
      if (gone.current) return opened.discard();
      recorder.current = opened;
      setState('recording');
    } catch {
      if (!gone.current) setState('denied');
    }
  };
  const stop = async () => {
    const stopping = recorder.current;
    recorder.current = null;
    if (!stopping) return;
    const heard = await stopping.stop();
    if (gone.current) return;
    setRecording({ ...heard, url: URL.createObjectURL(heard.blob) });
    setState('recorded');
  };
  const send = async () => {
    if (!recording || sending) return;
    setSending(true);
    if (await onSend(recording)) onClose();
    else setSending(false);
  };

  const allowed = useEffectEvent((found: PermissionState) => {
    if (gone.current) return;
    if (found === 'granted' || (Recorder.wasOpened && found === 'prompt')) return void begin();
    setHeld(false);
    setState(found === 'denied' ? 'denied' : 'explaining');
  });
  // The microphone closes with the conversation, the lock, and the page.
  useEffect(() => {
    gone.current = false;
    void permission().then(found => allowed(found));
    return () => {
      gone.current = true;
      recorder.current?.discard();
      recorder.current = null;
    };
  }, []);
  const url = recording?.url;
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);

  // Held: letting go ends it, sliding away forgets it. A tap leaves it running.
  const letGo = useEffectEvent((event: PointerEvent) => {
    setHeld(false);
    if (!press || event.type === 'pointercancel' || performance.now() - press.at < tapMs || state !== 'recording') return;
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) > slideAway) onClose();
    else void stop();
  });
  useEffect(() => {
    if (!held) return;
    const end = (event: PointerEvent) => letGo(event);
    window.addEventListener('pointerup', end);
    window.addEventListener('pointercancel', end);
    return () => {
      window.removeEventListener('pointerup', end);
      window.removeEventListener('pointercancel', end);
    };
  }, [held]);

  useEffect(() => {
    if (state === 'recording') stopButton.current?.focus();
    if (state === 'recorded') sendButton.current?.focus();
  }, [state]);

  const keys = (event: KeyboardEvent) => {
    // In the questions before, it closes them.
    if (event.key !== 'Escape' || (state !== 'recording' && state !== 'recorded')) return;
    event.preventDefault();
    event.stopPropagation();
    // What was said is not lost by one key: it is discarded by its button.
    if (state === 'recording') void stop();
  };

  return (
    <div className={styles.bar} role="group" aria-label={t.voice.message} onKeyDown={keys}>
      <IconButton icon="trash" label={t.voice.discard} onClick={onClose} />
      {recording ? (
        <VoicePlayer open={() => Promise.resolve(recording.url)} milliseconds={recording.milliseconds} levels={recording.levels} name={t.voice.message} stop />
      ) : (
        <div className={styles.live}>
          <span className={styles.light} data-on={state === 'recording' || undefined} aria-hidden="true" />
          <span className={styles.time}>{formats.clock(milliseconds / 1000)}</span>
          <LiveWave levels={levels} />
          {held && <span className={styles.hint}>{t.voice.hold}</span>}
        </div>
      )}
      {recording ? (
        <SendButton ref={sendButton} label={t.chat.send} disabled={sending} onClick={() => void send()} />
      ) : (
        <SendButton ref={stopButton} label={t.voice.stop} drawing="stop" disabled={state !== 'recording'} onClick={() => void stop()} />
      )}
      <p role="status" className="visually-hidden">
        {state === 'recording' ? t.voice.recording : recording ? t.voice.recorded(formats.clock(recording.milliseconds / 1000)) : ''}
      </p>
      {state === 'explaining' && (
        <Dialog
          title={t.voice.askTitle}
          onClose={onClose}
          actions={
            <>
              <Button onClick={onClose}>{t.app.cancel}</Button>
              <Button kind="primary" onClick={() => void begin()}>
                {t.voice.askGo}
              </Button>
            </>
          }
        >
          <p>{t.voice.ask}</p>
        </Dialog>
      )}
      {state === 'denied' && (
        <Dialog title={t.voice.deniedTitle} onClose={onClose}>
          <p>{t.voice.denied}</p>
        </Dialog>
      )}
    </div>
  );
}
