import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const graceMs = 10_000;
const pollMs = 20;

/**
 * Ends what a killed run has left running. Every child of a run works in the run's own directory, so whatever has its current
 * directory below `directory` belongs to that run, which is dead: the caller holds the lock. Children normally die with the
 * agent (`setpriv --pdeathsig`); this catches one that was started in the very moment of the kill.
 */
export async function endProcessesBelow(directory: string): Promise<void> {
  const deadline = performance.now() + graceMs;
  for (let signal: NodeJS.Signals = 'SIGTERM'; ;) {
    const orphans = await processesBelow(directory);
    if (orphans.length === 0) return;
    if (performance.now() > deadline) signal = 'SIGKILL';
    for (const pid of orphans) sendSignal(pid, signal);
    await sleep(pollMs);
  }
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
