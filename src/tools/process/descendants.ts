import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 10;

/** All that a process has started, directly or not, and that is still there. At once, since it may end in a moment. */
export function listDescendants(pid: number): number[] {
  const children = readChildren(pid);
  return children.flatMap((child) => [child, ...listDescendants(child)]);
}

function readChildren(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/**
 * Once a program that was told to end is gone, ends what it has left behind: a Borg that had to be killed leaves its ssh, at a connection that
 * may be dead, and that may hold on to the pipes which we read to their end.
 */
export async function endLeftBehind(pid: number, descendants: readonly number[]): Promise<void> {
  while (descendants.length > 0 && sendSignal(pid, 0)) await sleep(pollMs);
  // One that is stopped would not see the first of them.
  for (const left of descendants) if (sendSignal(left, 'SIGTERM')) sendSignal(left, 'SIGCONT');
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
    return false;
  }
}
