import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProjectRow } from '../../../../src/cli/status/rows.ts';
import { describeRows, formatRows } from '../../../../src/cli/status/table.ts';
import { wrapText } from '../../../../src/cli/status/wrap.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Standing } from '../../../../src/pipeline/standing.ts';
import type { RunRecord } from '../../../../src/state-store.ts';

const now = new Date('2026-11-21T12:00:00Z');
const inHours = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

const run: RunRecord = {
  runId: '1',
  command: 'backup',
  status: 'running',
  startedAt: inHours(-0.1),
  durationMs: undefined,
  backupId: undefined,
  errorCode: undefined,
  errorMessage: undefined,
};

const standing: Standing = {
  health: 'ok',
  reason: undefined,
  running: undefined,
  lastComplete: undefined,
  ageMs: 5 * 3_600_000,
  sizes: { originalBytes: 1024 ** 3, deduplicatedBytes: 1024 ** 2 },
};

const shop: ProjectRow = {
  name: 'shop',
  project: 'shop',
  health: 'ok',
  reason: undefined,
  standing,
  next: { kind: 'backup', at: inHours(19.5), from: 'agent' },
  active: undefined,
  problem: undefined,
  error: undefined,
};

const busy: ProjectRow = {
  ...shop,
  name: 'blog',
  health: 'late',
  reason: 'The newest complete backup is 73.0 hours old, 48.0 hours are allowed.',
  standing: { ...standing, ageMs: 73 * 3_600_000, running: run, sizes: undefined },
  next: undefined,
  active: { kind: 'backup', startedAt: inHours(-0.1), stage: 'dump' },
};

const broken: ProjectRow = {
  ...shop,
  name: 'old',
  project: undefined,
  health: 'unusable',
  reason: 'The configuration (old.env) cannot be used.\n  BORG_REPO is missing.',
  standing: undefined,
  next: undefined,
  error: new AppError('configuration', '', { hint: 'Correct these lines.' }),
};

const format = (rows: readonly ProjectRow[], columns?: number): string[] =>
  formatRows(rows, { now, columns, paint: (colour, text) => `<${colour}>${text}</>` }).split('\n');

test('has a line for each project, the health in colour', () => {
  expect(format([shop, { ...broken, next: { kind: 'backup', at: now, from: 'systemd' } }])).toEqual([
    'PROJECT  HEALTH    LAST GOOD  NEXT      SIZE  GROWTH',
    'shop     <green>ok</>        5 h ago    in 19 h  1 GiB  +1 MiB',
    'old      <red>unusable</>  -          now          -       -',
  ]);
});

test('tells what runs, when anything does, and fits into the terminal', () => {
  expect(format([shop, busy])).toEqual([
    'PROJECT  HEALTH  LAST GOOD   NEXT      SIZE  GROWTH  RUNNING',
    'shop     <green>ok</>      5 h ago     in 19 h  1 GiB  +1 MiB',
    'blog     <red>late</>    3 days ago  -            -       -  backup 6 min: dump',
  ]);
  expect(format([shop, busy], 20)).toEqual([
    'PROJECT  HEALTH  LAS',
    'shop     <green>ok</>      5 h',
    'blog     <red>late</>    3 d',
  ]);
  expect(format([shop, busy], 10)[1]).toBe('shop     o');
});

test('says in words what is not good', () => {
  expect(describeRows([shop, busy, broken, { ...shop, problem: 'There is no complete backup.' }], undefined)).toEqual([
    'blog: The newest complete backup is 73.0 hours old, 48.0 hours are allowed.',
    'old: The configuration (old.env) cannot be used. BORG_REPO is missing. Correct these lines.',
    'shop: Not good: There is no complete backup.',
  ]);
});

test('a name from a damaged file cannot command the terminal', () => {
  expect(describeRows([{ ...busy, reason: 'a \u001B[2J b' }], undefined)).toEqual(['blog: a \\u001b[2J b']);
});

test('a text is broken at its blanks', () => {
  expect(wrapText('one two three four', 9)).toBe('one two\n  three\n  four');
  expect(wrapText('one two', 7)).toBe('one two');
  expect(wrapText('abcdefghij', 5)).toBe('abcde\n  fgh\n  ij');
});

test('no line is too long, and no word is lost', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), fc.integer({ min: 3, max: 100 }), (words, columns) => {
      const wrapped = wrapText(words.join(' '), columns);
      expect(wrapped.split('\n').filter((line) => line.length > columns)).toEqual([]);
      expect(wrapped.replaceAll(/\s/g, '')).toBe(words.join(''));
    }),
  );
});
