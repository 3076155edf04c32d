import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/state-store.ts';
import { summarizeRuns, type SummaryRequest } from '../../../src/pipeline/status.ts';

const hourMs = 3_600_000;
const now = new Date('2026-11-21T12:00:00Z');
const request: SummaryRequest = { now, locked: false, maxAgeMs: undefined, runs: 10 };

function runOf(hoursAgo: number, facts: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: `run ${hoursAgo} hours ago`,
    command: 'backup',
    status: 'complete',
    startedAt: new Date(now.getTime() - hoursAgo * hourMs),
    durationMs: 1000,
    backupId: undefined,
    errorCode: undefined,
    errorMessage: undefined,
    ...facts,
  };
}

const failed = { status: 'failed', errorCode: 'no_space', errorMessage: 'No room.' } as const;

describe('what the runs say', () => {
  test('without any run there is nothing to tell', () => {
    expect(summarizeRuns([], request)).toMatchObject({
      running: undefined,
      lastRun: undefined,
      lastComplete: undefined,
      ageMs: undefined,
      failures: [],
      runs: [],
    });
  });

  test('the last complete backup is neither an incomplete one nor another command', () => {
    const history = [runOf(1, { command: 'verify' }), runOf(2, { status: 'incomplete' }), runOf(3), runOf(4)];
    const report = summarizeRuns(history, request);
    expect(report.lastComplete).toBe(history[2]);
    expect(report.ageMs).toBe(3 * hourMs);
    expect(report.lastRun).toEqual(history[0]);
    expect(report.failures).toEqual([]);
  });

  test('only what failed after the last complete backup counts as a failure', () => {
    const history = [runOf(1, failed), runOf(2, { ...failed, command: 'prune' }), runOf(3), runOf(4, failed)];
    expect(summarizeRuns(history, request).failures).toEqual(history.slice(0, 2));
    expect(summarizeRuns(history.slice(3), request).failures).toEqual(history.slice(3));
  });

  test('the last drill is told however it ended, unless somebody has cancelled it', () => {
    const drill = { command: 'drill' } as const;
    const history = [
      runOf(1),
      runOf(2, { ...failed, ...drill, errorCode: 'cancelled' }),
      runOf(3, { ...failed, ...drill }),
      runOf(4, drill),
    ];
    expect(summarizeRuns(history, request).lastDrill).toBe(history[2]);
    expect(summarizeRuns([runOf(1)], request).lastDrill).toBeUndefined();
  });

  test('what somebody has cancelled is no failure', () => {
    const cancelled = runOf(1, { ...failed, errorCode: 'cancelled' });
    const history = [cancelled, runOf(2, failed), runOf(3)];
    expect(summarizeRuns(history, request)).toMatchObject({ lastRun: cancelled, failures: [history[1]] });
  });

  test('a run without an end is going on when it holds the lock, and was killed otherwise', () => {
    const open = runOf(1, { status: 'running', durationMs: undefined });
    const history = [open, runOf(2)];
    const going = summarizeRuns(history, { ...request, locked: true });
    expect(going).toMatchObject({ running: open, lastRun: history[1], failures: [], runs: history });
    const killed = summarizeRuns(history, request);
    expect(killed).toMatchObject({ running: undefined, lastRun: { status: 'failed' }, failures: [{ runId: open.runId }] });
  });

  test('of two runs without an end only the newer one can be going on', () => {
    const history = [runOf(1, { status: 'running' }), runOf(2, { status: 'running' })];
    const report = summarizeRuns(history, { ...request, locked: true });
    expect(report.running).toBe(history[0]);
    expect(report.lastRun).toMatchObject({ runId: history[1]!.runId, status: 'failed' });
  });

  test('as many runs are listed as were asked for', () => {
    const history = [1, 2, 3].map((hours) => runOf(hours));
    expect(summarizeRuns(history, { ...request, runs: 2 }).runs).toEqual(history.slice(0, 2));
  });
});

describe('the greatest age', () => {
  test.each([
    [26, 25, undefined],
    [26, 26, undefined],
    [26, 27, 'The newest complete backup is 27.0 hours old; 26.0 hours were allowed.'],
    [1, 1.5, 'The newest complete backup is 90 minutes old; 60 minutes were allowed.'],
    [26, -1, 'The newest complete backup lies in the future: the clock is or was wrong.'],
    [26, -0.05, undefined],
  ])('of %d hours, for a backup of %d hours ago: %s', (maxHours, hoursAgo, problem) => {
    expect(summarizeRuns([runOf(hoursAgo)], { ...request, maxAgeMs: maxHours * hourMs }).problem).toBe(problem);
  });

  test('is not kept when there is no complete backup', () => {
    const history = [runOf(1, { status: 'incomplete' })];
    expect(summarizeRuns(history, { ...request, maxAgeMs: hourMs }).problem).toBe('There is no complete backup.');
  });
});
