import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDaemon } from '../../src/daemon/daemon.ts';
import type { JobKind, ScheduledProject } from '../../src/daemon/project.ts';
import { createLogger } from '../../src/log.ts';
import { parseSchedule, type Schedule } from '../../src/domain/schedule/parse.ts';
import { readLastRun } from '../../src/tools/state/last-run.ts';
import { expectAlerts } from '../helpers/alert-oracle.ts';
import { listDueTimes, type SimpleSchedule } from '../helpers/due-times.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import { scheduledProject } from '../helpers/fake-runs.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { measureHeap } from '../helpers/measure-heap.ts';
import { createRandom, pick } from '../helpers/random.ts';
import { createSimulatedProject, type Ending, type SimulatedProject } from '../helpers/simulated-project.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weeks = 10;

/** Ten weeks from then on hold a change of clocks: by an hour, or by half an hour. */
const seasons = [
  { timeZone: 'Europe/Berlin', start: '2027-02-20T12:00:00Z' },
  { timeZone: 'Europe/Berlin', start: '2026-09-20T12:00:00Z' },
  { timeZone: 'Australia/Lord_Howe', start: '2026-09-01T12:00:00Z' },
  { timeZone: 'Australia/Lord_Howe', start: '2027-03-01T12:00:00Z' },
] as const;

const schedules: readonly SimpleSchedule[] = [
  { text: '30 2 * * *', minutes: [30], hours: [2], weekdays: undefined },
  { text: '45 1 * * *', minutes: [45], hours: [1], weekdays: undefined },
  { text: '15 2,14 * * *', minutes: [15], hours: [2, 14], weekdays: undefined },
  { text: '30 2 * * 1-5', minutes: [30], hours: [2], weekdays: [1, 2, 3, 4, 5] },
  { text: '0 4 * * 0', minutes: [0], hours: [4], weekdays: [0] },
  { text: '20 * * * *', minutes: [20], hours: undefined, weekdays: undefined },
  { text: '10,40 1-3 * * *', minutes: [10, 40], hours: [1, 2, 3], weekdays: undefined },
];
const verifySchedule: SimpleSchedule = { text: '50 5 * * 3', minutes: [50], hours: [5], weekdays: [3] };

interface Begun {
  readonly kind: JobKind;
  readonly reason: string;
  readonly startMs: number;
  endMs: number;
  /** By the end of the agent, or of its process: for the agent that starts next it was none. */
  isCut: boolean;
}

const rounds = faultRounds(2, 100);

test(
  `${rounds} times ten weeks of the long-running agent (seed ${faultSeed})`,
  { timeout: faultRounds(10, 60) * minuteMs },
  async () => {
    const { ends, count } = createEnds();
    const counts = { runs: 0, failures: 0, late: 0, down: 0 };
    const heaps: number[] = [];
    const handles = process.getActiveResourcesInfo().length;
    for (let round = 1; round <= rounds; round += 1) {
      const tells = `seed ${faultSeed}, round ${round}`;
      const random = createRandom(faultSeed * 100_003 + round);
      const season = seasons[round % seasons.length]!;
      const schedule = round <= seasons.length ? schedules[0]! : pick(random, schedules);
      const told = await liveThrough({ ...season, schedule, random }, tells);
      counts.runs += told.runs;
      counts.failures += told.failures;
      counts.late += told.late;
      counts.down += told.down;
      heaps.push(measureHeap());
      count('every run, alert and archive as promised');
    }
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles + 2);
    const half = Math.floor(heaps.length / 2);
    if (rounds > 20) expect(Math.min(...heaps.slice(half))).toBeLessThan(Math.min(...heaps.slice(0, half)) + 20_000_000);
    const fault = `ten simulated weeks over a change of clocks: ${counts.runs} runs, of which ${counts.failures} failed; ${counts.down} times the agent was down for hours or days, ${counts.late} alerts that a backup is late`;
    recordFaults({ group: 'ten-weeks', fault, rounds, ends });
  },
);

interface Weeks {
  readonly timeZone: string;
  readonly start: string;
  readonly schedule: SimpleSchedule;
  readonly random: () => number;
}

async function liveThrough({ timeZone, start, schedule, random }: Weeks, tells: string) {
  const startMs = Date.parse(start);
  const endMs = startMs + weeks * 7 * dayMs;
  const clock = createFakeClock(new Date(startMs));
  // Where there is one, in memory: ten weeks of a database are many writes.
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'agent-test-'));
  const outages = listTimes(random, { startMs, endMs, hours: 60 });
  const project = createSimulatedProject({
    directory,
    clock,
    schedule: parseSchedule(schedule.text, timeZone) as Schedule,
    rules: { days: 14, minimumBackups: 3, daily: 5, weekly: 4, monthly: 2 },
    decide: (_kind, at) => ({
      takesMs: Math.round((1 + random() * 15) * minuteMs),
      ending: chooseEnding(random, isWithin(outages, at.getTime())),
    }),
  });
  const range = { from: new Date(startMs - 40 * dayMs), to: new Date(endMs + 40 * dayMs) };
  const due = { backup: listDueTimes(schedule, timeZone, range), verify: listDueTimes(verifySchedule, timeZone, range) };
  const scheduled = {
    ...scheduledProject('shop', { backup: schedule.text, verify: verifySchedule.text }, { timeZone }),
    stateDirectory: directory,
  };
  const begun: Begun[] = [];
  const uptimes: (readonly [number, number])[] = [];
  try {
    const downs = listTimes(random, { startMs, endMs, hours: 100 });
    for (const [downMs, upMs] of [...downs, [endMs, endMs] as const]) {
      const fromMs = clock.now().getTime();
      await runUntil(downMs, { clock, project, scheduled, begun });
      uptimes.push([fromMs, downMs]);
      await clock.passUntil(new Date(upMs));
    }
    expect(clock.sleepers(), `${tells}: somebody still sleeps`).toBe(0);
    expect(project.told, `${tells}: alerts`).toEqual(
      expectAlerts(project.happenings, { due: due.backup, firstSeenMs: startMs }),
    );
    for (const kind of ['backup', 'verify'] as const)
      expectRuns({ begun, kind, due: due[kind], uptimes }, `${tells}, ${schedule.text} in ${timeZone}`);
    const { found, expected } = project.archives();
    expect(found, `${tells}: archives`).toEqual(expected);
    expect(project.countRuns(), `${tells}: the history`).toBe(begun.length);
    const failures = project.happenings.filter((one) => one.what === 'end' && one.status === 'failed').length;
    return {
      runs: begun.length,
      failures,
      late: project.told.filter(({ events }) => events === 'late').length,
      down: downs.length,
    };
  } finally {
    project.close();
    await rm(directory, { recursive: true });
  }
}

/** Two or three intervals of up to so many hours, none of which touches another. */
function listTimes(
  random: () => number,
  { startMs, endMs, hours }: { readonly startMs: number; readonly endMs: number; readonly hours: number },
): (readonly [number, number])[] {
  const third = (endMs - startMs) / 3;
  return [0, 1, 2].flatMap((index) => {
    if (random() < 0.2) return [];
    const fromMs = startMs + index * third + 3 * dayMs + random() * (third - 9 * dayMs);
    return [[Math.round(fromMs), Math.round(fromMs + random() * hours * hourMs)] as const];
  });
}

function isWithin(intervals: readonly (readonly [number, number])[], atMs: number): boolean {
  return intervals.some(([from, to]) => from <= atMs && atMs < to);
}

function chooseEnding(random: () => number, isOut: boolean): Ending {
  if (isOut) return 'failed';
  const chance = random();
  if (chance < 0.85) return 'complete';
  return pick(random, ['incomplete', 'failed', 'refused', 'killed'] as const);
}

interface Running {
  readonly clock: FakeClock;
  readonly project: SimulatedProject;
  readonly scheduled: ScheduledProject;
  readonly begun: Begun[];
}

/** An agent from now on until it is told to end. */
async function runUntil(untilMs: number, { clock, project, scheduled, begun }: Running): Promise<void> {
  const stopping = new AbortController();
  const write = (text: string): void => {
    const line = JSON.parse(text) as { readonly msg: string; readonly job: JobKind; readonly reason: string };
    const atMs = clock.now().getTime();
    if (line.msg === 'run begins')
      begun.push({ kind: line.job, reason: line.reason, startMs: atMs, endMs: Infinity, isCut: false });
    if (!/^run (ended|failed|incomplete|cancelled)$/.test(line.msg)) return;
    const run = begun.findLast(({ kind }) => kind === line.job)!;
    run.endMs = atMs;
    run.isCut = line.msg === 'run cancelled' || line.reason === 'without a word';
  };
  const nothing = async (): Promise<void> => undefined;
  const daemon = runDaemon(
    {
      clock,
      log: createLogger([{ level: 'info', write }]),
      signal: stopping.signal,
      starter: project.starter,
      history: {
        lastRunAt: (_project, kind) => readLastRun(join(project.directory, 'shop'), kind === 'database' ? 'backup' : kind),
      },
      random: () => 0,
      serviceManager: { ready: nothing, reloading: nothing, stopping: nothing, status: () => undefined, keepWatchdog: nothing },
      loadProjects: async () => ({ projects: [scheduled], problems: new Map() }),
      errands: { tellUnusable: nothing, tellDied: (_name, of) => project.tellDied(of), checkLate: () => project.checkLate() },
      openControl: async () => ({ close: nothing }),
      openMetrics: () => undefined,
      onReload: () => undefined,
    },
    { pid: 1, agentVersion: '0.1.0', maxConcurrent: 1 },
  );
  await clock.passUntil(new Date(untilMs));
  stopping.abort();
  await daemon;
}

interface RunFacts {
  readonly begun: readonly Begun[];
  readonly kind: JobKind;
  readonly due: readonly number[];
  readonly uptimes: readonly (readonly [number, number])[];
}

/** One run for each time that it was due while the agent ran, but where one of its kind was going on; and one for what was missed. */
function expectRuns({ begun, kind, due, uptimes }: RunFacts, tells: string): void {
  const own = begun.filter((run) => run.kind === kind);
  const isBusy = (atMs: number, runs: readonly Begun[]): boolean =>
    runs.some(({ startMs, endMs }) => startMs < atMs && atMs <= endMs);
  for (const [index, { reason, startMs }] of own.entries()) {
    const where = `${tells}: ${kind} at ${new Date(startMs).toISOString()} (${reason})`;
    const before = own[index - 1];
    if (reason === 'schedule') {
      const dueMs = due.findLast((atMs) => atMs <= startMs)!;
      // It has waited for another kind of run, if at all, and was not begun before for the same time.
      expect(dueMs === startMs || isBusy(dueMs, begun), where).toBe(true);
      expect(before === undefined || before.startMs < dueMs, where).toBe(true);
    }
    if (reason === 'retry') expect(startMs - before!.endMs, where).toBeGreaterThanOrEqual(10 * minuteMs);
    if (reason === 'missed')
      expect(
        uptimes.some(([from]) => startMs >= from && startMs - from < 2 * hourMs),
        where,
      ).toBe(true);
  }
  for (const [fromMs, toMs] of uptimes) {
    for (const dueMs of due.filter((atMs) => atMs > fromMs && atMs < toMs - hourMs)) {
      const where = `${tells}: ${kind} was due at ${new Date(dueMs).toISOString()}`;
      const runs = own.filter(
        ({ startMs, reason }) => reason === 'schedule' && startMs >= dueMs && due.findLast((atMs) => atMs <= startMs) === dueMs,
      );
      expect(runs.length, where).toBe(isBusy(dueMs, own) ? 0 : 1);
    }
    const missed = own.filter(({ reason, startMs }) => reason === 'missed' && startMs >= fromMs && startMs < toMs);
    const last = own.findLast(({ startMs }) => startMs < fromMs);
    // What a killed run was is known only until the next one.
    if (last?.isCut === true || own.some(({ isCut, startMs }) => isCut && startMs < fromMs && startMs > fromMs - 2 * dayMs))
      continue;
    const isMissed = last !== undefined && due.some((dueMs) => last.startMs < dueMs && dueMs <= fromMs);
    expect(missed.length, `${tells}: ${kind}, missed before ${new Date(fromMs).toISOString()}`).toBe(isMissed ? 1 : 0);
  }
}
