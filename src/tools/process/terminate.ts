import { endLeftBehind, listDescendants } from './descendants.ts';

/** After so many times its delay a child that was told to end is given up: it hangs in the kernel, or something holds on to its pipes. */
const patienceInDelays = 3;

export interface Ending {
  /** Of the child; SIGTERM is followed by SIGKILL after the delay. */
  readonly subprocess: { readonly pid?: number | undefined; kill(signal: NodeJS.Signals): boolean };
  readonly delayMs: number;
  readonly finished: Promise<unknown>;
  /** Makes `finished` resolve. */
  readonly giveUp: () => void;
}

/** What ends a child, with what it has started; resolves when it is gone. Its first call counts. */
export function createTermination(ending: Ending): (signal?: NodeJS.Signals) => Promise<void> {
  const { subprocess, delayMs, finished, giveUp } = ending;
  let terminated = false;
  return async (signal = 'SIGTERM') => {
    const timers: NodeJS.Timeout[] = [];
    // Once: a second SIGTERM breaks off what Borg does at the first, and leaves its lock in the repository.
    if (!terminated) {
      terminated = true;
      sendEnd(subprocess, signal);
      // After SIGTERM execa kills by itself.
      if (signal !== 'SIGTERM') timers.push(setTimeout(() => subprocess.kill('SIGTERM'), delayMs));
      timers.push(setTimeout(giveUp, patienceInDelays * delayMs).unref());
    }
    await finished.catch(() => undefined);
    for (const timer of timers) clearTimeout(timer);
  };
}

function sendEnd(subprocess: Ending['subprocess'], signal: NodeJS.Signals): void {
  const { pid } = subprocess;
  const descendants = pid === undefined ? [] : listDescendants(pid);
  subprocess.kill(signal);
  // One that is stopped would not see it.
  subprocess.kill('SIGCONT');
  if (pid !== undefined) void endLeftBehind(pid, descendants);
}
