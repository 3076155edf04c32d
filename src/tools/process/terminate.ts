import { endLeftBehind, listDescendants } from './descendants.ts';

/** After so many times its delay a child that was told to end is given up: it hangs in the kernel, or something holds on to its pipes. */
const patienceInDelays = 3;

interface Child {
  readonly pid?: number | undefined;
  /** SIGTERM is followed by SIGKILL after the delay. */
  kill(signal: NodeJS.Signals): boolean;
}

/** The end of a child that is brought about. */
export interface Termination {
  /** Tells it to end; called again it does nothing. */
  begin(signal: NodeJS.Signals): void;
  /** Nothing more is to come. */
  over(): void;
  /** Resolves when the child is to be waited for no longer. */
  readonly givenUp: Promise<void>;
  /** Resolves when what the child has left behind was told to end, too; at once if nobody told the child. */
  readonly leftBehind: () => Promise<void>;
}

export function createTermination(child: Child, delayMs: number): Termination {
  const givenUp = Promise.withResolvers<void>();
  const timers: NodeJS.Timeout[] = [];
  let leftBehind: Promise<void> | undefined;
  return {
    begin(signal) {
      // Once: a second SIGTERM breaks off what Borg does at the first, and leaves its lock in the repository.
      if (leftBehind !== undefined) return;
      const { pid } = child;
      const descendants = pid === undefined ? [] : listDescendants(pid);
      child.kill(signal);
      // One that is stopped would not see it.
      child.kill('SIGCONT');
      leftBehind = pid === undefined ? Promise.resolve() : endLeftBehind(pid, descendants);
      // After SIGTERM execa kills by itself.
      if (signal !== 'SIGTERM') timers.push(setTimeout(() => child.kill('SIGTERM'), delayMs));
      timers.push(setTimeout(givenUp.resolve, patienceInDelays * delayMs));
    },
    over: () => timers.forEach((timer) => clearTimeout(timer)),
    givenUp: givenUp.promise,
    leftBehind: async () => leftBehind,
  };
}
