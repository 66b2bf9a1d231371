import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useFormats, useTexts } from '../../i18n';
import { IconButton } from '../../ui/button';
import { Waveform } from './waveform';
import styles from './voice.module.css';

const speeds = [1, 1.5, 2] as const;
/** Where somebody stopped listening, as long as the page is open. */
const places = new Map<string, number>();
const mostPlaces = 200;
/** Only one plays at a time. */
let playing: HTMLAudioElement | null = null;

/** Plays a sound in place: where it stands, how fast it goes, and on from where one stopped. */
export function VoicePlayer({
  open,
  milliseconds,
  levels,
  place,
  name,
  stop,
  children,
}: {
  /** Where it is within this page, fetched where it is not here; `null` where it cannot be played. */
  readonly open: () => Promise<string | null>;
  /** As its sender says; the file itself knows better once it is here. */
  readonly milliseconds: number;
  readonly levels: Uint8Array | null;
  /** What its place is remembered under; nothing is remembered without. */
  readonly place?: string;
  readonly name: string;
  readonly stop: boolean;
  readonly children?: ReactNode;
}) {
  const t = useTexts();
  const formats = useFormats();
  const sound = useRef<HTMLAudioElement | null>(null);
  const [on, setOn] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const [speed, setSpeed] = useState<number>(1);
  const [length, setLength] = useState(milliseconds / 1000);
  const [at, setAt] = useState(() => (place && places.get(place)) || 0);

  useEffect(
    () => () => {
      sound.current?.pause();
      sound.current = null;
    },
    [],
  );

  const remember = (seconds: number) => {
    setAt(seconds);
    if (!place) return;
    places.delete(place);
    if (seconds > 0) places.set(place, seconds);
    if (places.size > mostPlaces) places.delete(places.keys().next().value!);
  };

  const load = async (): Promise<HTMLAudioElement | null> => {
    if (sound.current) return sound.current;
    setBusy(true);
    try {
      const url = await open();
      if (!url) return null;
      const audio = new Audio(url);
      await measured(audio);
      if (Number.isFinite(audio.duration)) setLength(audio.duration);
      audio.currentTime = at < audio.duration - 0.2 ? at : 0;
      audio.playbackRate = speed;
      audio.addEventListener('timeupdate', () => sound.current === audio && remember(audio.currentTime));
      audio.addEventListener('play', () => setOn(true));
      audio.addEventListener('pause', () => setOn(false));
      audio.addEventListener('ended', () => {
        audio.currentTime = 0;
        remember(0);
      });
      return (sound.current = audio);
    } catch {
      setFailed(true);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const toggle = async () => {
    if (on) return sound.current?.pause();
    setFailed(false);
    const audio = await load();
    if (!audio) return;
    if (playing !== audio) playing?.pause();
    playing = audio;
    await audio.play().catch(() => setFailed(true));
  };
  const move = (seconds: number) => {
    if (sound.current) sound.current.currentTime = seconds;
    remember(seconds);
  };
  const faster = () => {
    const next = speeds[(speeds.indexOf(speed as 1) + 1) % speeds.length]!;
    setSpeed(next);
    if (sound.current) sound.current.playbackRate = next;
  };

  const total = Math.max(length, 0.1);
  const tab = stop ? 0 : -1;
  const flat = useMemo(() => new Uint8Array(1).fill(40), []);
  return (
    <div className={styles.player} role="group" aria-label={`${name}, ${formats.clock(length)}`} data-sound={on ? 'on' : 'off'}>
      <IconButton
        icon={on ? 'pause' : 'play'}
        className={styles.play}
        label={on ? t.voice.pause : t.voice.play}
        tabIndex={tab}
        aria-busy={busy || undefined}
        onClick={() => void toggle()}
      />
      <div className={styles.track}>
        <Waveform levels={levels ?? flat} heard={Math.min(1, at / total)} />
        <input
          type="range"
          min={0}
          max={total}
          step={0.1}
          value={Math.min(at, total)}
          tabIndex={tab}
          aria-label={t.voice.place}
          aria-valuetext={t.voice.at(formats.clock(at), formats.clock(length))}
          onChange={event => move(event.target.valueAsNumber)}
        />
      </div>
      <span className={styles.time}>{formats.clock(on || at > 0 ? at : length)}</span>
      <button
        type="button"
        className={styles.speed}
        tabIndex={tab}
        aria-label={t.voice.speed(formats.number(speed))}
        title={t.voice.speed(formats.number(speed))}
        onClick={faster}
      >
        {formats.number(speed)}×
      </button>
      {children}
      {failed && (
        <p className={styles.failed} role="status">
          {t.voice.cannotPlay}
        </p>
      )}
    </div>
  );
}

/** Resolves when a sound says how long it is. One that was recorded does not say it at its beginning: so its end is looked for once. */
async function measured(audio: HTMLAudioElement): Promise<void> {
  audio.preload = 'auto';
  if (audio.readyState < HTMLMediaElement.HAVE_METADATA) await heard(audio, 'loadedmetadata');
  if (Number.isFinite(audio.duration)) return;
  const there = heard(audio, 'seeked');
  audio.currentTime = 1e7;
  await there;
}

function heard(audio: HTMLAudioElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    audio.addEventListener(event, () => resolve(), { once: true });
    audio.addEventListener('error', () => reject(new Error('It cannot be played.')), { once: true });
  });
}

/** What a message says of a voice: its levels, as bytes. */
export function levelsOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
}
