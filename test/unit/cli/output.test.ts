import { expect, test } from 'vitest';
import { printable } from '../../../src/domain/printable.ts';
import { formatBytes, formatDuration, formatTable, formatTime } from '../../../src/cli/output.ts';

test('a table has no borders, and numbers stand on the right', () => {
  const rows = [
    ['a', '1', 'x'],
    ['long name', '20', ''],
  ];
  expect(formatTable(['NAME', 'ROWS', 'NOTE'], rows, [1])).toBe('NAME       ROWS  NOTE\na             1  x\nlong name    20');
});

test.each([
  [940, '0.9 s'],
  [12_400, '12 s'],
  [185_000, '3 min 5 s'],
  [7_440_000, '2 h 4 min'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('control and formatting characters do not reach the terminal', () => {
  expect(printable('a\u001B[31m\nb\u202E')).toBe('a\\u001b[31m\\u000ab\\u202e');
});

test('sizes and times', () => {
  expect(formatBytes(1536)).toBe('1.5 KiB');
  expect(formatTime(new Date('2026-11-21T02:00:00Z'))).toBe('2026-11-21 02:00:00 UTC');
});
