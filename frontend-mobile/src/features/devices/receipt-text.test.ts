import { expect, test } from 'vitest';
import { en } from '../../i18n/en';
import { receiptText } from './receipt-text';

test('A receipt names the device, when it left, and each conversation with its epoch, one a line whatever its title', () => {
  const text = receiptText(
    en,
    { id: '00112233445566778899aabbccddeeff', name: 'Old phone' },
    {
      at: Date.UTC(2026, 10, 22, 19, 30),
      conversations: [
        { id: 'aa'.repeat(16), title: 'Harbour\n\tFAKE\t7', epoch: 12 },
        { id: 'bb'.repeat(16), title: 'Awa', epoch: null },
      ],
    },
  );
  expect(text.split('\n')).toEqual([
    en.devices.receiptTitle,
    'Old phone\t00112233445566778899aabbccddeeff',
    '2026-11-22T19:30:00.000Z',
    '',
    'Conversation\tID\tOut from epoch',
    `Harbour FAKE 7\t${'aa'.repeat(16)}\t12`,
    `Awa\t${'bb'.repeat(16)}\t${en.devices.receiptNotYet}`,
    '',
  ]);
});
