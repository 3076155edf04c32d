import { Secret } from '../../src/config/project-config.ts';
import type { Clock, RunContext } from '../../src/context.ts';
import type { Alert, MessageEvent } from '../../src/domain/alerts/alert.ts';
import { parseSchedule } from '../../src/domain/schedule/parse.ts';
import type { Delivery, Invocation } from '../../src/notifier.ts';
import { createLogger } from '../../src/log.ts';
import { openStateStore } from '../../src/tools/state/store.ts';
import { whenTestEnds } from './cleanup.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export const secretCanary = 'canary-of-a-secret';

export interface AlertScene {
  readonly context: RunContext;
  readonly sent: Alert[];
  /** The most telling event of each. */
  events(): MessageEvent[];
  /** Why nothing arrives, from now on. */
  failing: string | undefined;
  /** Moves the clock. */
  passHours(hours: number): void;
  /** A run in the history, as `withRun` writes it. */
  record(command: 'backup' | 'verify', status: 'complete' | 'incomplete' | 'failed' | 'running', errorCode?: string): void;
}

/** All that alerts are made from, with a real state and a notifier that keeps what it is told to send. */
export async function createAlertScene(invocation: Partial<Invocation> = {}): Promise<AlertScene> {
  const state = openStateStore(await createTemporaryDirectory());
  whenTestEnds(async () => state.close());
  const sent: Alert[] = [];
  const controller = new AbortController();
  let nowMs = Date.parse('2026-11-21T02:00:00Z');
  const clock: Clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs, sleep: async () => undefined };
  const scene: AlertScene = {
    sent,
    events: () => sent.map(({ events }) => events[0]!),
    failing: undefined,
    passHours: (hours) => (nowMs += hours * 3_600_000),
    record(command, status, errorCode) {
      const runId = `run ${nowMs} ${Math.random()}`;
      state.startRun({ runId, command, startedAt: clock.now(), backupId: `shop-${nowMs}` });
      nowMs += 1000;
      const outcome = { status, durationMs: 1000, errorCode, errorMessage: undefined };
      if (status !== 'running') state.finishRun(runId, outcome);
    },
    context: {
      config: {
        project: 'shop',
        schedule: { backup: parseSchedule('daily', 'UTC'), storage: undefined },
        alerts: { targets: [], lateAfterMs: undefined },
        secret: new Secret(secretCanary),
      },
      log: createLogger([]),
      clock,
      state,
      signal: controller.signal,
      hostname: 'backup-1',
      agentVersion: '0.1.0',
      invocation: { attended: false, takesTurns: false, id: undefined, ...invocation },
      notifier: {
        kinds: ['webhook', 'ping'],
        send: async (alert: Alert): Promise<Delivery[]> => {
          sent.push(alert);
          const answer = scene.failing === undefined ? 'HTTP 200' : undefined;
          return [{ kind: 'webhook', event: alert.events[0]!, answer, error: scene.failing }];
        },
      },
    } satisfies Partial<Record<keyof RunContext, unknown>> as unknown as RunContext,
  };
  return scene;
}
