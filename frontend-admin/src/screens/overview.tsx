import { useEffect, useState } from 'react';
import { useFormats } from '@app/i18n';
import { Line } from '@app/ui/line';
import { useAsked, useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Figure, Figures } from '../ui/figures';
import { LiveChart } from '../ui/live-chart';
import type { Dashboard } from '../api/dashboard';
import type { MessagingOverview } from '../api/records';
import styles from './screens.module.css';

/** Seconds between two looks, how many of them a chart keeps, and how many seconds it shows at least. */
const every = 5;
const shown = 180;
const span = 300;
const mebibyte = 1_048_576;

interface Series {
  readonly times: readonly number[];
  readonly connections: readonly number[];
  readonly perMinute: readonly number[];
  readonly queue: readonly number[];
  readonly memory: readonly number[];
}

const nothing: Series = { times: [], connections: [], perMinute: [], queue: [], memory: [] };

/** Whether the instance is well: figures of nobody in particular. */
export function Overview() {
  const words = useWords().overview;
  const { loading, setup } = useWords();
  const isOwner = useRank() === 'owner';
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const auth = useAsked(dashboard.overview, '', 60);
  const delivery = useAsked(dashboard.delivery, '', every);
  const series = useSeries(delivery.value);
  const now = series.times.at(-1);
  if (!auth.value || !delivery.value || now === undefined) {
    return (auth.problem ?? delivery.problem) ? (
      <Line kind="danger" boxed icon="warning">
        {auth.problem ?? delivery.problem}
      </Line>
    ) : (
      <p role="status">{loading}</p>
    );
  }
  const a = auth.value,
    d = delivery.value;
  const isBackupOld = a.lastBackup === undefined || now - a.lastBackup > 2 * 86_400;
  const endsSoon = a.certificateExpires !== undefined && a.certificateExpires - now < 14 * 86_400;
  const whole = (value: number) => value.toLocaleString(document.documentElement.lang);
  const advice = [isBackupOld && words.backupAdvice, endsSoon && words.certificateAdvice(formats.until(a.certificateExpires! * 1000, now * 1000))].filter(
    one => one !== false,
  );
  return (
    <>
      {(auth.problem ?? delivery.problem) ? (
        <Line kind="attention" boxed icon="warning">
          {words.paused}
        </Line>
      ) : advice.length > 0 ? (
        <Line kind="attention" boxed icon="warning">
          {words.look} {advice.join(' ')}
        </Line>
      ) : (
        <Line boxed icon="shieldCheck">
          {words.well}
        </Line>
      )}
      {isOwner && a.accounts === 1 && (
        <Line
          boxed
          icon="info"
          actions={
            <a href="#/setup" className={styles.way}>
              {setup.begin}
            </a>
          }
        >
          {setup.alone}
        </Line>
      )}
      <section className={styles.part} aria-labelledby="now">
        <h2 id="now">
          {words.now} <small>{words.lastMinutes}</small>
        </h2>
        <div className={styles.charts}>
          <LiveChart
            title={words.connections}
            now={whole(d.connections)}
            times={series.times}
            values={series.connections}
            span={span}
            least={4}
            format={whole}
          />
          <LiveChart
            title={words.perMinute}
            now={whole(d.entriesPerMinute)}
            times={series.times}
            values={series.perMinute}
            span={span}
            least={10}
            format={whole}
          />
          <LiveChart title={words.queue} now={whole(d.queueDepth)} times={series.times} values={series.queue} span={span} least={10} format={whole} />
          <LiveChart
            title={words.memory}
            now={formats.bytes(d.memoryBytes)}
            times={series.times}
            values={series.memory}
            span={span}
            least={128 * mebibyte}
            format={formats.bytes.bind(formats)}
          />
        </div>
      </section>
      <section className={styles.part} aria-labelledby="people">
        <h2 id="people">{words.people}</h2>
        <Figures>
          <Figure
            name={words.people}
            value={whole(a.accounts)}
            text={[a.suspended > 0 && words.suspended(a.suspended), a.left > 0 && words.left(a.left)].filter(Boolean).join(' · ')}
          />
          <Figure name={words.devices} value={whole(a.devices)} text={words.sessions(a.sessions)} />
          <Figure name={words.invites} value={whole(a.invites)} />
        </Figures>
      </section>
      <section className={styles.part} aria-labelledby="server">
        <h2 id="server">{words.server}</h2>
        <Figures>
          <Figure name={words.version} value={a.version} />
          <Figure name={words.running} value={formats.brief(d.started * 1000, now * 1000)} />
          <Figure
            name={words.storage}
            value={formats.bytes(a.databaseBytes + d.databaseBytes)}
            text={`${words.accountsDatabase} ${formats.bytes(a.databaseBytes)} · ${words.messagesDatabase} ${formats.bytes(d.databaseBytes)}`}
          />
          <Figure
            name={words.backup}
            value={a.lastBackup === undefined ? '–' : formats.brief(a.lastBackup * 1000, now * 1000)}
            text={a.lastBackup === undefined ? words.noBackup : isBackupOld ? words.oldBackup : undefined}
            attention={isBackupOld}
          />
          <Figure
            name={words.certificate}
            value={a.certificateExpires === undefined ? '–' : formats.until(a.certificateExpires * 1000, now * 1000)}
            text={a.certificateExpires === undefined ? words.certificateElsewhere : endsSoon ? words.certificateSoon : undefined}
            attention={endsSoon}
          />
          <Figure name={words.mail} value={a.mail ? words.mailOn : '–'} text={a.mail ? undefined : words.mailOff} />
        </Figures>
      </section>
    </>
  );
}

const kept = new WeakMap<Dashboard, Series>();

/** The last looks; in the memory of this page alone, where they stay while the dashboard is open. */
function useSeries(look: MessagingOverview | null): Series {
  const { dashboard } = useDashboard();
  const [series, setSeries] = useState(() => kept.get(dashboard) ?? nothing);
  useEffect(() => {
    if (!look) return;
    const after = (values: readonly number[], value: number) => [...values, value].slice(-shown);
    const before = kept.get(dashboard) ?? nothing;
    const next = {
      times: after(before.times, Math.floor(Date.now() / 1000)),
      connections: after(before.connections, look.connections),
      perMinute: after(before.perMinute, look.entriesPerMinute),
      queue: after(before.queue, look.queueDepth),
      memory: after(before.memory, look.memoryBytes),
    };
    kept.set(dashboard, next);
    setSeries(next);
  }, [look, dashboard]);
  return series;
}
