import { z } from 'zod';
import type { Clock, CommandRunner } from '../../context.ts';

/** Of what `systemctl list-timers --output=json` (systemd 246 and newer; systemd#15701) says of a timer; times in microseconds since 1970. */
const timersSchema = z.array(z.object({ unit: z.string(), next: z.number().nullish() }));

/** systemd answers at once, or is in trouble. */
const answerMs = 3_000;

/**
 * When systemd's timers that match the patterns elapse next, by the names of their units; those that are not active, or have no next time, are
 * left out. Empty where there is no systemd, or it gives no answer that can be understood: whoever asks can do without.
 */
export async function listTimers(
  { commands, clock }: { readonly commands: CommandRunner; readonly clock: Clock },
  patterns: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  try {
    const running = commands.start({
      file: 'systemctl',
      args: ['list-timers', '--output=json', '--no-pager', '--', ...patterns],
      killDelayMs: 1_000,
    });
    const answered = new AbortController();
    const limit = clock.sleep(answerMs, answered.signal).then(
      () => running.terminate(),
      () => undefined,
    );
    const { exitCode, stdout } = await running.finished.finally(() => answered.abort());
    await limit;
    return exitCode === 0 ? parseTimers(stdout) : new Map();
  } catch {
    return new Map();
  }
}

function parseTimers(json: string): Map<string, Date> {
  const timers = timersSchema.parse(JSON.parse(json));
  return new Map(timers.flatMap(({ unit, next }) => (isTime(next) ? [[unit, new Date(next / 1000)] as const] : [])));
}

/** systemd's words for never are 0 and the greatest number of 64 bits. */
function isTime(microseconds: number | null | undefined): microseconds is number {
  return typeof microseconds === 'number' && microseconds > 0 && microseconds < 8.64e18;
}
