import { useLive } from '@app/client';
import { useFormats } from '@app/i18n';
import { Line } from '@app/ui/line';
import { useAsked, useDashboard, useRank } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { Chart } from '../ui/chart';
import { Figure, Figures } from '../ui/figures';
import type { Dashboard } from '../api/dashboard';
import { isAtLeast, type AuthOverview, type MessagingOverview } from '../api/records';
import { Growth } from './growth';
import { Nodes } from './nodes';
import { SelfTests } from './self-tests';
import styles from './screens.module.css';

/** Seconds between two looks, how many of them a chart keeps, and how many seconds it shows at least. */
const every = 5;
const shown = 180;
const span = 300;
const mebibyte = 1_048_576;
/** With fewer bytes free on the disk than these it is time to make room. */
const scarce = 1e9;

type Series = Readonly<Record<'times' | 'connections' | 'perMinute' | 'p50' | 'p99' | 'queue' | 'memory', readonly number[]>>;

/** What was seen when, and before. */
interface Look {
  readonly delivery: MessagingOverview;
  readonly series: Series;
  readonly now: number;
}

const nothing: Series = { times: [], connections: [], perMinute: [], p50: [], p99: [], queue: [], memory: [] };

/** Whether the instance is well: figures of nobody in particular. */
export function Overview() {
  const { dashboard } = useDashboard();
  const auth = useAsked(dashboard.overview, '', 60);
  const delivery = useAsked(async () => noted(dashboard, await dashboard.delivery(), auth.value), '', every);
  if (!auth.value || !delivery.value) return <Waiting asked={auth.problem ? auth : delivery} />;
  return <Well auth={auth.value} {...delivery.value} paused={Boolean(auth.problem ?? delivery.problem)} />;
}

function Well({ auth, delivery, series, now, paused }: Look & { readonly auth: AuthOverview; readonly paused: boolean }) {
  const words = useWords().overview;
  const formats = useFormats();
  const isAdmin = isAtLeast(useRank(), 'admin');
  const isBackupOld = auth.lastBackup === undefined || now - auth.lastBackup > 2 * 86_400;
  const endsSoon = auth.certificateExpires !== undefined && auth.certificateExpires - now < 14 * 86_400;
  const isFull = delivery.freeBytes < scarce;
  const number = (value: number) => formats.number(value);
  const bytes = (value: number) => formats.bytes(value);
  const milliseconds = (value: number) => formats.milliseconds(value);
  const latency = (microseconds: number) => (delivery.delivery.count === 0 ? '–' : milliseconds(microseconds / 1000));
  const memory = delivery.memoryBytes + apart(auth);
  const advice = [
    isBackupOld && words.backupAdvice,
    endsSoon && words.certificateAdvice(formats.until(auth.certificateExpires! * 1000, now * 1000)),
    isFull && words.fullAdvice(bytes(delivery.freeBytes)),
  ].filter(one => one !== false);
  return (
    <>
      {paused || advice.length > 0 ? (
        <Line kind="attention" boxed icon="warning">
          {paused ? words.paused : `${words.look} ${advice.join(' ')}`}
        </Line>
      ) : (
        <Line boxed icon="shieldCheck">
          {words.well}
        </Line>
      )}
      <SetUpLine />
      <section className={styles.part} aria-labelledby="now">
        <h2 id="now">
          {words.now} <small>{words.lastMinutes}</small>
        </h2>
        <div className={styles.charts}>
          {(
            [
              ['connections', delivery.connections, number, 4],
              ['perMinute', delivery.entriesPerMinute, number, 10],
              ['queue', delivery.queueDepth, number, 10],
              ['memory', memory, bytes, 128 * mebibyte],
            ] as const
          ).map(([name, value, format, least]) => (
            <Chart
              key={name}
              title={words[name]}
              figures={[{ now: format(value), values: series[name] }]}
              times={series.times}
              span={span}
              least={least}
              format={format}
            />
          ))}
          <Chart
            title={words.delivery}
            figures={[
              { name: words.half, now: latency(delivery.delivery.p50), values: series.p50 },
              { name: words.most, now: latency(delivery.delivery.p99), values: series.p99 },
            ]}
            text={delivery.delivery.count === 0 ? words.nothingDelivered : words.delivered(delivery.delivery.count)}
            times={series.times}
            span={span}
            least={10}
            format={milliseconds}
          />
          <Growth auth={auth} delivery={delivery} now={now} />
        </div>
      </section>
      <Nodes nodes={delivery.nodes} now={now} />
      <section className={styles.part} aria-labelledby="people">
        <h2 id="people">{words.people}</h2>
        <Figures>
          <Figure
            name={words.people}
            value={number(auth.accounts)}
            text={[auth.suspended > 0 && words.suspended(auth.suspended), auth.left > 0 && words.left(auth.left)].filter(Boolean).join(' · ')}
          />
          <Figure name={words.devices} value={number(auth.devices)} text={words.sessions(auth.sessions)} />
          <Figure name={words.invites} value={number(auth.invites)} />
        </Figures>
      </section>
      <section className={styles.part} aria-labelledby="server">
        <h2 id="server">{words.server}</h2>
        <Figures>
          <Figure name={words.version} value={auth.version} text={words.update} />
          <Figure name={words.running} value={formats.brief(delivery.started * 1000, now * 1000)} />
          <Figure
            name={words.databases}
            value={bytes(auth.databaseBytes + delivery.databaseBytes)}
            text={words.databaseParts(bytes(auth.databaseBytes), bytes(delivery.databaseBytes), bytes(delivery.archiveBytes))}
          />
          <Figure name={words.files} value={bytes(delivery.attachmentBytes)} text={words.free(bytes(delivery.freeBytes))} attention={isFull} />
          <Figure
            name={words.backup}
            value={auth.lastBackup === undefined ? '–' : formats.brief(auth.lastBackup * 1000, now * 1000)}
            text={auth.lastBackup === undefined ? words.noBackup : isBackupOld ? words.oldBackup : undefined}
            attention={isBackupOld}
          />
          <Figure
            name={words.certificate}
            value={auth.certificateExpires === undefined ? '–' : formats.until(auth.certificateExpires * 1000, now * 1000)}
            text={auth.certificateExpires === undefined ? words.certificateElsewhere : endsSoon ? words.certificateSoon : undefined}
            attention={endsSoon}
          />
          <Figure name={words.mail} value={auth.mail ? words.mailOn : '–'} text={auth.mail ? undefined : words.mailOff} />
        </Figures>
      </section>
      {isAdmin && <SelfTests />}
    </>
  );
}

function SetUpLine() {
  const { overview: words } = useWords();
  const { dashboard } = useDashboard();
  if (useLive(dashboard.setUp) === null) return null;
  return (
    <Line
      boxed
      icon="info"
      actions={
        <a href="#/setup" className={styles.way}>
          {words.setUp}
        </a>
      }
    >
      {words.notSetUp}
    </Line>
  );
}

const kept = new WeakMap<Dashboard, Series>();

/** A look, noted behind those before it; in the memory of this page alone, where they stay while the dashboard is open. */
function noted(dashboard: Dashboard, delivery: MessagingOverview, auth: AuthOverview | null): Look {
  const now = Math.floor(Date.now() / 1000);
  const before = kept.get(dashboard) ?? nothing;
  const after = (values: readonly number[], value: number) => [...values, value].slice(-shown);
  const series: Series = {
    times: after(before.times, now),
    connections: after(before.connections, delivery.connections),
    perMinute: after(before.perMinute, delivery.entriesPerMinute),
    p50: after(before.p50, delivery.delivery.p50 / 1000),
    p99: after(before.p99, delivery.delivery.p99 / 1000),
    queue: after(before.queue, delivery.queueDepth),
    memory: after(before.memory, delivery.memoryBytes + apart(auth)),
  };
  kept.set(dashboard, series);
  return { delivery, series, now };
}

/** What the authentication service holds where it is a process of its own. */
function apart(auth: AuthOverview | null): number {
  return auth?.apart ? auth.memoryBytes : 0;
}
