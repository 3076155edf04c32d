import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';

const graceMs = 10_000;
const pollMs = 20;

/**
 * Ends what a killed run has left running. Every child that could go on without its agent works in the run's own directory,
 * so whatever has its current directory below `directory` belongs to that run, which is dead: the caller holds the lock. Children normally die with the
 * agent (`setpriv --pdeathsig`); this catches one that was started in the very moment of the kill.
 */
export async function endProcessesBelow(directory: string): Promise<void> {
  const startedMs = performance.now();
  for (let signal: NodeJS.Signals = 'SIGTERM'; ;) {
    const orphans = await processesBelow(directory);
    if (orphans.length === 0) return;
    const waitedMs = performance.now() - startedMs;
    if (waitedMs > graceMs) signal = 'SIGKILL';
    if (waitedMs > 3 * graceMs) throw stuckError(orphans);
    for (const pid of orphans) sendSignal(pid, signal);
    await sleep(pollMs);
  }
}

function stuckError(orphans: readonly number[]): AppError {
  return new AppError('failed', `Processes of an earlier run do not end: ${orphans.join(', ')}. Nothing was done.`, {
    hint: 'They hang in the kernel, on a disk or network file system that does not answer: see to that, then try again.',
  });
}

async function processesBelow(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return cwd === directory || cwd.startsWith(`${directory}/`) ? Number(pid) : undefined;
    }),
  );
  return found.filter((pid): pid is number => pid !== undefined && pid !== process.pid);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}
