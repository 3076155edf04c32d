import { expect, test } from 'vitest';
import { createLogProgress } from '../../../src/cli/progress.ts';

test('without a terminal a line now and then tells what is done, and not each step', () => {
  let nowMs = 0;
  const told: unknown[] = [];
  const log = { debug: (fields: object) => void told.push((fields as { progress: string }).progress) };
  const progress = createLogProgress(log, () => nowMs);
  const at = (ms: number, work: () => void): void => {
    nowMs = ms;
    work();
  };
  at(0, () => progress.step('Looking at the database'));
  at(1_000, () => progress.step('Archiving database/full.dump'));
  at(9_000, () => progress.bytes(1024));
  at(10_000, () => progress.bytes(5 * 1024 ** 2));
  at(19_999, () => progress.bytes(6 * 1024 ** 2));
  at(20_000, () => progress.bytes(7 * 1024 ** 2, 70 * 1024 ** 2));
  progress.end();
  expect(told).toEqual([
    'Looking at the database',
    'Archiving database/full.dump, 5 MiB',
    'Archiving database/full.dump, 7 MiB of 70 MiB',
  ]);
});
