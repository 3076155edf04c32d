import { expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import type { StateStore } from '../../../src/state-store.ts';
import { AppError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { withRun } from '../../../src/pipeline/run.ts';
import { enterStage, noteStage } from '../../../src/pipeline/stage.ts';

function createContext(level: 'debug' | 'info') {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  let nowMs = 0;
  const context = {
    log: createLogger([{ level, write }]).child({ project: 'shop' }),
    clock: { monotonicMs: () => (nowMs += 10) },
    progress: { step: () => undefined, end: () => undefined },
    metrics: { stageBegins: () => undefined, runEnded: () => Promise.resolve() },
    signal: new AbortController().signal,
    files: { createWorkDirectory: () => Promise.resolve('/run'), removeWorkDirectory: () => Promise.resolve() },
    state: {
      acquireLock: () => Promise.resolve({ release: () => undefined }),
      startRun: () => undefined,
      finishRun: () => undefined,
    } as unknown as StateStore,
  } as unknown as RunContext;
  return { context, lines };
}

const request = { command: 'backup', startedAt: new Date(0), backupId: 'shop-1' } as const;

test('a run has a line for its start, each stage and its end, and all of them name project, run and stage', async () => {
  const { context, lines } = createContext('info');
  await withRun(context, request, (_frame, inRun) => {
    enterStage(inRun, 'archive', 'Archiving', { archive: 'a' });
    inRun.log.warn('odd');
    noteStage({ ...inRun }, { bytes: 7 });
    enterStage(inRun, 'verify', 'Verifying');
    return Promise.resolve({ status: 'incomplete', archives: [{ name: 'a' }] });
  });
  expect(lines).toMatchObject([
    { msg: 'backup started', event: 'start', stage: 'run', command: 'backup', backupId: 'shop-1' },
    { msg: 'odd', stage: 'archive' },
    { msg: 'stage ended', stage: 'archive', archive: 'a', bytes: 7, durationMs: 10 },
    { msg: 'stage ended', stage: 'verify', durationMs: 10 },
    { msg: 'backup is incomplete', event: 'incomplete', stage: 'run', level: 40, status: 'incomplete', archives: ['a'] },
  ]);
  expect(lines.every(({ durationMs }, index) => durationMs !== undefined || index < 2)).toBe(true);
  expect(new Set(lines.map(({ project, runId }) => `${String(project)} ${String(runId)}`)).size).toBe(1);
  expect(lines[0]!['runId']).toMatch(/^[0-9a-f-]{36}$/);
});

test('a run that fails says in which stage, and why', async () => {
  const { context, lines } = createContext('debug');
  const run = withRun(context, request, (_frame, inRun) => {
    enterStage(inRun, 'snapshot', 'Looking');
    return Promise.reject(new AppError('no_space', 'The disk is full.', { hint: 'Make room.' }));
  });
  await expect(run).rejects.toThrow('The disk is full.');
  expect(lines).toMatchObject([
    { event: 'start' },
    { msg: 'stage begins', stage: 'snapshot', level: 20 },
    { msg: 'stage failed', stage: 'snapshot' },
    { event: 'failure', level: 50, errorCode: 'no_space', errorMessage: 'The disk is full.', status: 'failed' },
  ]);
});

test('outside of a run a stage is a step of the progress, and no more', () => {
  const { context, lines } = createContext('info');
  enterStage(context, 'catalog', 'Looking');
  noteStage(context, { bytes: 1 });
  expect(lines).toEqual([]);
});
