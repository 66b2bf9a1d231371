import { useFormats } from '@app/i18n';
import type { AuthOverview, MessagingOverview } from '../api/records';
import { useWords } from '../i18n';
import { Chart } from '../ui/chart';

const day = 86_400;
const month = 30 * day;

/** How what is stored has grown, day by day. */
export function Growth({ auth, delivery, now }: { readonly auth: AuthOverview; readonly delivery: MessagingOverview; readonly now: number }) {
  const words = useWords().overview;
  const formats = useFormats();
  const { growth, databaseBytes, attachmentBytes } = delivery;
  const first = growth.findLast(row => row.day <= now - month) ?? growth[0];
  const days = first ? Math.floor((now - first.day) / day) : 0;
  const more = (value: number) => `${value < 0 ? '−' : '+'}${formats.bytes(Math.abs(value))}`;
  return (
    <Chart
      title={words.growth}
      figures={[
        { name: words.databases, now: formats.bytes(databaseBytes), values: growth.map(row => row.databaseBytes) },
        { name: words.files, now: formats.bytes(attachmentBytes), values: growth.map(row => row.attachmentBytes) },
      ]}
      text={
        first && days > 0
          ? words.grown(days, more(databaseBytes - first.databaseBytes), more(attachmentBytes - first.attachmentBytes))
          : words.growthLater(formats.bytes(auth.databaseBytes))
      }
      // Each day at its noon, so that it is that day wherever the reader is.
      times={growth.map(row => row.day + day / 2)}
      span={month}
      by="days"
      least={1e6}
      format={value => formats.bytes(value)}
    />
  );
}
