import { describe, expect, test } from 'vitest';
import { fewer } from './recording';
import { anonymous } from './web-m';

const text = (words: string): number[] => [...words].map(letter => letter.charCodeAt(0));
const element = (id: readonly number[], content: readonly number[]): number[] => [...id, 0x80 | content.length, ...content];
const info = [0x15, 0x49, 0xa9, 0x66];

function webm(inside: readonly number[]): Uint8Array<ArrayBuffer> {
  // The length of a segment that was recorded is not known when it begins.
  return new Uint8Array([
    ...element([0x1a, 0x45, 0xdf, 0xa3], text('doctype')),
    0x18,
    0x53,
    0x80,
    0x67,
    0x01,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    ...inside,
  ]);
}

describe('What a browser says of itself in a recording', () => {
  test('is written over, and nothing else is', () => {
    const scale = element([0x2a, 0xd7, 0xb1], [15, 66, 64]);
    const sound = element([0x1f, 0x43, 0xb6, 0x75], [0x4d, 0x80, 0x83, ...text('abc')]);
    const file = webm([
      ...element(info, [
        ...scale,
        ...element([0x4d, 0x80], text('Chrome')),
        ...element([0x57, 0x41], text('Firefox')),
        ...element([0x44, 0x61], [1, 2, 3, 4, 5, 6, 7, 8]),
      ]),
      ...sound,
    ]);
    const clean = webm([
      ...element(info, [
        ...scale,
        ...element([0x4d, 0x80], text('      ')),
        ...element([0x57, 0x41], text('       ')),
        ...element([0x44, 0x61], [0, 0, 0, 0, 0, 0, 0, 0]),
      ]),
      ...sound,
    ]);
    expect(new Uint8Array(anonymous(file.buffer))).toEqual(clean);
  });

  test('is left where it is none, or is cut off', () => {
    const whole = webm(element(info, element([0x4d, 0x80], text('Chrome'))));
    for (const bytes of [new Uint8Array(), new Uint8Array([0]), new Uint8Array(text('OggS and so on')), ...Array.from(whole, (_, at) => whole.slice(0, at))]) {
      expect(anonymous(bytes.slice().buffer).byteLength).toBe(bytes.length);
    }
  });
});

test('Fewer levels keep what is loud', () => {
  expect([...fewer([], 64)]).toEqual([0]);
  expect([...fewer([1, 2, 3], 64)]).toEqual([1, 2, 3]);
  const many = Array.from({ length: 1_000 }, (_, at) => (at === 501 ? 250 : 10));
  const few = fewer(many, 64);
  expect(few).toHaveLength(64);
  expect(few[32]).toBe(250);
  expect(few.filter(level => level === 10)).toHaveLength(63);
});
