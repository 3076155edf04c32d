import { Option } from 'commander';
import { RunGoingOnError } from '../errors.ts';
import type { Shell } from './shell.ts';

/** For what starts by itself: timers, and the long-running agent. */
export function takeTurnsOption(): Option {
  return new Option(
    '--take-turns',
    'for timers: wait while another run of the project is going on; end well at once where that does the same',
  );
}

/** A command that takes turns ends well where another run does its work, and says so. */
export async function orSkip(
  shell: Shell,
  { command, takeTurns }: { readonly command: string; readonly takeTurns: boolean | undefined },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (takeTurns !== true || !(error instanceof RunGoingOnError)) throw error;
    const { message: reason } = error;
    shell.output.result({ command, status: 'skipped', reason }, () => `Skipped: ${reason}`);
  }
}
