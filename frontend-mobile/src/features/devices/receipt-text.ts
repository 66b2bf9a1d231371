import type { Offboarded } from '../../client';
import type { Texts } from '../../i18n';

/** The receipt as a file: whole ids and a time that means the same everywhere, one conversation a line. */
export function receiptText(t: Texts, device: { readonly id: string; readonly name: string }, receipt: Offboarded): string {
  const line = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return [
    t.devices.receiptTitle,
    `${line(device.name)}\t${device.id}`,
    new Date(receipt.at).toISOString(),
    '',
    [t.devices.receiptConversation, 'ID', t.devices.receiptEpoch].join('\t'),
    ...receipt.conversations.map(one => [line(one.title), one.id, one.epoch ?? t.devices.receiptNotYet].join('\t')),
    '',
  ].join('\n');
}
