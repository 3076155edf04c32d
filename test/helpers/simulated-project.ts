import { join } from 'node:path';
import { readCatalog } from '../../src/archive/catalog.ts';
import { planPrune, removeArchives } from '../../src/archive/prune.ts';
import type { ProjectConfig } from '../../src/config/project-config.ts';
import type { RunContext } from '../../src/context.ts';
import type { JobKind } from '../../src/daemon/project.ts';
import type { RunOutcome, RunStarter } from '../../src/daemon/run.ts';
import { formatArchiveName, formatBackupId, parseArchiveName } from '../../src/domain/archive-name.ts';
import type { MessageEvent } from '../../src/domain/alerts/alert.ts';
import type { RunStatus } from '../../src/domain/exit-code.ts';
import type { RetentionRules } from '../../src/domain/retention.ts';
import type { Schedule } from '../../src/domain/schedule/parse.ts';
import { AppError, messageOf } from '../../src/errors.ts';
import { withAlerts } from '../../src/pipeline/alerts.ts';
import { checkLateness, noticeLateness } from '../../src/pipeline/check-lateness.ts';
import { notifyFailure } from '../../src/pipeline/notify-failure.ts';
import { withRun } from '../../src/pipeline/run.ts';
import { openStateStore } from '../../src/tools/state/store.ts';
import type { FakeClock } from './fake-clock.ts';
import { createRetainedRepository, createRetentionContext, manifestOf } from './retained-repository.ts';
import { expectRemoved, type KnownBackup } from './retention-oracle.ts';

/** How a run ends: `refused` is a failure that no other try will mend. */
export type Ending = 'complete' | 'incomplete' | 'failed' | 'refused' | 'killed';

/** What has happened, in its order. */
export type Happening =
  | { readonly what: 'check'; readonly atMs: number }
  | {
      readonly what: 'end';
      readonly kind: JobKind;
      readonly status: RunStatus;
      readonly startedMs: number;
      readonly atMs: number;
    };

export interface SimulatedProject {
  readonly directory: string;
  readonly starter: RunStarter;
  readonly happenings: Happening[];
  /** All that was told but beginnings: `failure`, `recovered and success`. */
  readonly told: { readonly events: string; readonly atMs: number }[];
  /** Archives that are there, and should be there. */
  archives(): { readonly found: readonly string[]; readonly expected: readonly string[] };
  checkLate(): Promise<string | undefined>;
  tellDied(of: string): Promise<void>;
  countRuns(): number;
  close(): void;
}

/** A project whose runs only take time, and end as they are told; its history, alerts and retention are the agent's own. */
export function createSimulatedProject(options: {
  readonly directory: string;
  readonly clock: FakeClock;
  readonly schedule: Schedule;
  readonly rules: RetentionRules;
  readonly decide: (kind: JobKind, at: Date) => { readonly takesMs: number; readonly ending: Ending };
}): SimulatedProject {
  const { clock, decide, rules } = options;
  const directory = join(options.directory, 'shop');
  const state = openStateStore(directory);
  const { archives, repository } = createRetainedRepository();
  const happenings: Happening[] = [];
  const told: SimulatedProject['told'] = [];
  const expected = new Map<string, KnownBackup>();
  const plain = createRetentionContext({
    project: 'shop',
    hostname: 'here',
    repository,
    rules: () => rules,
    state: () => state,
    now: () => clock.now(),
  });
  const schedules = { backup: options.schedule, storage: undefined } as unknown as ProjectConfig['schedule'];
  const context: RunContext = {
    ...plain,
    state,
    config: {
      ...plain.config,
      retention: rules,
      schedule: schedules,
      alerts: { targets: [], lateAfterMs: undefined },
      database: undefined,
      storage: undefined,
    },
    clock,
    agentVersion: '0.1.0',
    notifier: {
      kinds: ['webhook'],
      async send({ events }) {
        if (events[0] !== 'start') told.push({ events: events.join(' and '), atMs: clock.now().getTime() });
        return [{ kind: 'webhook', event: events[0] as MessageEvent, answer: 'HTTP 200', error: undefined }];
      },
    },
  };

  const work = async (
    inner: RunContext,
    kind: JobKind,
    { ending, takesMs }: ReturnType<typeof decide>,
    backupId: string,
  ): Promise<'complete' | 'incomplete'> => {
    await clock.sleep(takesMs, inner.signal);
    if (ending === 'failed') throw new AppError('source_unreachable', 'nobody is there', { hint: 'Wait.', retryable: true });
    if (ending === 'refused' || ending === 'killed')
      throw new AppError('passphrase_wrong', 'it does not open', { hint: 'Look.' });
    if (kind !== 'backup') return 'complete';
    const name = formatArchiveName(backupId, 'database');
    archives.set(name, {
      name,
      id: name,
      hostname: 'here',
      manifest: manifestOf(name, { status: ending, runKinds: ['database'] }),
    });
    expected.set(backupId, {
      backupId,
      startedAtMs: parseArchiveName(name)!.startedAt.getTime(),
      status: ending,
      group: 'database',
    });
    if (ending === 'complete') await applyRetention(inner);
    return ending;
  };

  /** As `backup` does at its end. */
  const applyRetention = async (inner: RunContext): Promise<void> => {
    const plan = planPrune(inner, await readCatalog(inner), 'complete');
    if ('decisions' in plan)
      await removeArchives(
        inner,
        plan.decisions.filter(({ action }) => action === 'remove').flatMap(({ archives: names }) => names),
      );
    const knowledge = {
      backups: [...expected.values()],
      rules,
      nowMs: clock.now().getTime(),
      lastRun: 'complete' as const,
      drills: new Map(),
    };
    for (const id of expectRemoved(knowledge) ?? []) expected.delete(id);
  };

  const runOnce = async (kind: JobKind, signal: AbortSignal): Promise<RunOutcome> => {
    const startedAt = clock.now();
    const end = decide(kind, startedAt);
    const backupId = formatBackupId('shop', startedAt);
    const command = kind === 'verify' ? 'verify' : 'backup';
    const note = (status: RunStatus): void =>
      void happenings.push({ what: 'end', kind, status, startedMs: startedAt.getTime(), atMs: clock.now().getTime() });
    if (end.ending === 'killed') {
      const lock = await state.acquireLock();
      state.startRun({ runId: `killed ${startedAt.getTime()}`, command, startedAt, backupId });
      await clock.sleep(end.takesMs, signal).catch(() => undefined);
      lock.release();
      note('failed');
      return {
        result: 'failed',
        retryable: true,
        exitCode: 137,
        errorCode: undefined,
        message: 'without a word',
        diedOf: 'SIGKILL',
      };
    }
    const own: RunContext = { ...context, signal };
    const request = { command, startedAt, backupId: command === 'backup' ? backupId : undefined } as const;
    const run = (): Promise<{ readonly status: RunStatus; readonly warnings: readonly string[] }> =>
      withAlerts(own, command, () =>
        withRun(own, request, async (_frame, inner) => ({ status: await work(inner, kind, end, backupId), warnings: [] })),
      );
    try {
      const { status } = await run();
      note(status);
      return {
        result: status as 'complete' | 'incomplete',
        retryable: false,
        exitCode: status === 'complete' ? 0 : 3,
        errorCode: undefined,
        message: undefined,
      };
    } catch (error) {
      note('failed');
      const { code, retryable, exitCode } = error as AppError;
      return {
        result: code === 'interrupted' ? 'cancelled' : 'failed',
        retryable,
        exitCode,
        errorCode: code,
        message: messageOf(error),
      };
    } finally {
      if (command === 'verify') {
        happenings.push({ what: 'check', atMs: clock.now().getTime() });
        await noticeLateness(own);
      }
    }
  };

  return {
    directory: options.directory,
    happenings,
    told,
    starter: {
      start(_project, kind) {
        const ending = new AbortController();
        const finished = runOnce(kind, ending.signal);
        return {
          pid: 1,
          finished,
          async end() {
            ending.abort(new Error('the agent ends'));
            await finished;
          },
        };
      },
    },
    archives: () => ({
      found: [...archives.keys()].toSorted(),
      expected: [...expected.keys()].map((id) => formatArchiveName(id, 'database')).toSorted(),
    }),
    async checkLate() {
      happenings.push({ what: 'check', atMs: clock.now().getTime() });
      const { late, reason } = await checkLateness(context);
      return late ? reason : undefined;
    },
    async tellDied(of) {
      await notifyFailure(context, {
        unit: undefined,
        result: undefined,
        exitCode: 'killed',
        exitStatus: of,
        invocationId: undefined,
      });
    },
    countRuns: () => state.listRuns(1_000_000).length,
    close: () => state.close(),
  };
}
