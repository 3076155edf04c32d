import type { Clock, CommandRunner, RunContext } from '../context.ts';
import { messageOf } from '../errors.ts';

export interface ServiceManagerPorts {
  readonly commands: CommandRunner;
  readonly clock: Clock;
  readonly log: RunContext['log'];
  readonly pid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What systemd is told (sd_notify(3)). Does nothing where nobody listens. */
export interface ServiceManager {
  ready(status: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(status: string): Promise<void>;
  /** A line for `systemctl status`. Of several at once only the last is sent. */
  status(text: string): void;
  /** Tells every half of WATCHDOG_USEC that all is well, for as long as it is; resolves when aborted. */
  keepWatchdog(isWell: () => boolean, signal: AbortSignal): Promise<void>;
}

/**
 * Node has no datagram sockets of the unix kind, so systemd-notify speaks for us: a unit needs NotifyAccess=all. It waits until its
 * word was taken, so that systemd still finds out which unit it came from.
 */
export function createServiceManager({ commands, clock, log, pid, environment }: ServiceManagerPorts): ServiceManager {
  const socket = environment['NOTIFY_SOCKET'] ?? '';
  let queue = Promise.resolve();
  let told: string | undefined;
  let waiting: string | undefined;
  let isStopping = false;

  const say = async (fields: readonly string[]): Promise<void> => {
    const running = commands.start({
      file: 'systemd-notify',
      args: [`--pid=${pid}`, ...fields],
      env: { NOTIFY_SOCKET: socket },
    });
    const problem = await running.finished.then(
      ({ exitCode, stderr }) => (exitCode === 0 ? undefined : stderr.trim()),
      (error: unknown) => messageOf(error),
    );
    if (problem !== undefined) log.warn({ fields, reason: problem }, 'systemd could not be told');
  };
  const send = async (...fields: readonly string[]): Promise<void> => {
    if (socket === '') return;
    const before = queue;
    queue = (async () => {
      await before;
      await say(fields);
    })();
    await queue;
  };
  const sendStatus = async (): Promise<void> => {
    await queue;
    if (waiting === undefined) return;
    told = waiting;
    waiting = undefined;
    await send(`STATUS=${told}`);
  };

  return {
    async ready(status) {
      told = status;
      await send('READY=1', `STATUS=${status}`);
    },
    reloading: () => send('RELOADING=1'),
    async stopping(status) {
      isStopping = true;
      waiting = undefined;
      await send('STOPPING=1', `STATUS=${status}`);
    },
    status(text) {
      if (isStopping) return;
      if (waiting !== undefined) {
        waiting = text;
        return;
      }
      if (text === told) return;
      waiting = text;
      void sendStatus();
    },
    async keepWatchdog(isWell, signal) {
      const limitMs = Number(environment['WATCHDOG_USEC'] ?? 0) / 1000;
      const meant = environment['WATCHDOG_PID'] ?? String(pid);
      if (socket === '' || !(limitMs > 0) || meant !== String(pid)) return;
      while (!signal.aborted) {
        if (isWell()) await send('WATCHDOG=1');
        await clock.sleep(limitMs / 2, signal).catch(() => undefined);
      }
    },
  };
}
