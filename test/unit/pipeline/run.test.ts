import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import type { EndedRun } from '../../../src/metrics.ts';
import type { StateStore } from '../../../src/state-store.ts';
import { AppError, cancelReason, RunGoingOnError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { withRun } from '../../../src/pipeline/run.ts';
import { enterStage, noteStage } from '../../../src/pipeline/stage.ts';

function createContext(level: 'debug' | 'info', signal = new AbortController().signal, runMs?: number) {
  const ending = new AbortController();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const outcomes: object[] = [];
  const ended: EndedRun['status'][] = [];
  let nowMs = 0;
  const context = {
    log: createLogger([{ level, write }]).child({ project: 'shop' }),
    config: { limits: { runMs } },
    clock: { monotonicMs: () => (nowMs += 10), sleep: () => Promise.resolve() },
    endRun: (reason: AppError) => ending.abort(reason),
    progress: { step: () => undefined, end: () => undefined },
    metrics: { stageBegins: () => undefined, runEnded: (run: EndedRun) => Promise.resolve(void ended.push(run.status)) },
    signal: AbortSignal.any([signal, ending.signal]),
    repository: { keepTemporaryFilesIn: () => undefined },
    files: { createWorkDirectory: () => Promise.resolve('/run'), removeWorkDirectory: () => Promise.resolve() },
    state: {
      acquireLock: () => Promise.resolve({ release: () => undefined }),
      startRun: () => undefined,
      finishRun: (_id: string, outcome: object) => void outcomes.push(outcome),
    } as unknown as StateStore,
  } as unknown as RunContext;
  return { context, lines, ended, outcomes };
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

test.each([
  [cancelReason, 'cancelled', { metrics: 'cancelled', level: 40, msg: 'backup was cancelled' }],
  [new Error('received SIGTERM'), 'interrupted', { metrics: 'failed', level: 50, msg: 'backup failed: Interrupted.' }],
] as const)('a run that ends because of %s is %s', async (reason, code, { metrics, level, msg }) => {
  const controller = new AbortController();
  const { context, lines, ended, outcomes } = createContext('info', controller.signal);
  const run = withRun(context, request, () => {
    controller.abort(reason);
    return Promise.reject(new Error('pg_dump was ended'));
  });
  await expect(run).rejects.toMatchObject({ code, exitCode: 130 });
  expect(lines.at(-1)).toMatchObject({ level, msg: expect.stringContaining(msg) as unknown, errorCode: code });
  expect(lines.at(-1)!['event']).toBe(code === 'cancelled' ? 'cancelled' : 'failure');
  expect(outcomes).toMatchObject([{ status: 'failed', errorCode: code }]);
  expect(ended).toEqual([metrics]);
});

test('outside of a run a stage is a step of the progress, and no more', () => {
  const { context, lines } = createContext('info');
  enterStage(context, 'catalog', 'Looking');
  noteStage(context, { bytes: 1 });
  expect(lines).toEqual([]);
});

describe('while another run of the project is going on', () => {
  const withLock = (takesTurns: boolean, running: readonly (string | undefined)[]) => {
    const { context, lines } = createContext('info');
    const left = [...running];
    const acquireLock = async (): Promise<{ release(): void }> => {
      if (left.length === 0) return { release: () => undefined };
      throw new RunGoingOnError('Another run is going on.', left.shift());
    };
    const clock = { ...context.clock, sleep: () => Promise.resolve() };
    const invocation = { attended: false, takesTurns, id: undefined };
    return { context: { ...context, clock, invocation, state: { ...context.state, acquireLock } }, lines };
  };
  const complete = () => Promise.resolve({ status: 'complete' as const });

  test('one that takes turns waits, and says so once', async () => {
    const { context, lines } = withLock(true, ['verify', undefined, 'prune']);
    await withRun(context, request, complete);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'waiting for another run of this project to end',
      'backup started',
      'backup is complete',
    ]);
  });

  test.each([
    [true, 'backup', request],
    [true, 'backup', { ...request, command: 'verify' }],
    [true, 'verify', { ...request, command: 'verify' }],
    [false, 'verify', request],
  ] as const)('taking turns: %s, during a %s', async (takesTurns, running, own) => {
    const { context, lines } = withLock(takesTurns, [running]);
    await expect(withRun(context, own, complete)).rejects.toMatchObject({ code: 'locked', running });
    expect(lines).toEqual([]);
  });
});

test('a run that goes on for too long ends, and says at which stage', async () => {
  const { context, lines } = createContext('info', undefined, 79_200_000);
  const run = withRun(context, request, async (_frame, inRun) => {
    enterStage(inRun, 'archive', 'Archiving');
    await new Promise((resolve) => inRun.signal.addEventListener('abort', resolve, { once: true }));
    inRun.signal.throwIfAborted();
    return { status: 'complete' };
  });
  const message =
    'At stage archive: The run went on for 22 h and was ended. Nothing was left half done, and earlier backups are as they were.';
  await expect(run).rejects.toMatchObject({ code: 'timed_out', exitCode: 1, message });
  expect(lines.at(-1)).toMatchObject({ event: 'failure', errorCode: 'timed_out', errorMessage: message });
});

test('what an error says of what is safe or left stays when a time limit has ended the run', async () => {
  const { context } = createContext('info', undefined, 1000);
  const run = withRun(context, request, async (_frame, inRun) => {
    await new Promise((resolve) => inRun.signal.addEventListener('abort', resolve, { once: true }));
    throw new AppError('interrupted', 'Interrupted. Two objects were written.', { hint: 'Go on.' });
  });
  await expect(run).rejects.toMatchObject({
    code: 'timed_out',
    message: 'At stage run: The run went on for 1 s and was ended. Interrupted. Two objects were written.',
  });
});
