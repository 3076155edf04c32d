import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectText, followLines, TextTail } from '../../../src/tools/process/output.ts';

/** Cuts bytes into chunks at arbitrary places, characters and line ends not spared. */
function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

test('lines arrive whole, however the stream is cut', async () => {
  const lines = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((line) => !/[\r\n]/.test(line)));
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), fc.constantFrom('\n', '\r'), async (expected, size, end) => {
      const stream = Readable.from(cut(Buffer.from(expected.join(end)), size));
      const seen: string[] = [];
      followLines(stream, (line) => seen.push(line));
      await finished(stream);
      expect(seen).toEqual(expected);
    }),
  );
});

test('the tail of a text is its end, and never more than twice the limit is held', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 30 })), (texts) => {
      const tail = new TextTail(20);
      const ascii = texts.map((text) => text.replaceAll(/[^ -~]/g, '.'));
      for (const text of ascii) tail.add(Buffer.from(text));
      expect(tail.text()).toBe(ascii.join('').slice(-20));
    }),
  );
});

test('a collected text keeps its characters', async () => {
  expect(await collectText(Readable.from(cut(Buffer.from('ünï🐘'), 1)))).toBe('ünï🐘');
});

test('a text that goes on for longer than allowed is refused, and a line in pieces', async () => {
  const tooLong = collectText(Readable.from([Buffer.alloc(3), Buffer.alloc(3)]), 5);
  await expect(tooLong).rejects.toMatchObject({ code: 'tool_failed' });
  const seen: number[] = [];
  const stream = Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024, 'x')));
  followLines(stream, (line) => seen.push(line.length));
  await finished(stream);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.reduce((sum, length) => sum + length, 0)).toBe(40 * 64 * 1024);
});
