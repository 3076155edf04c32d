import { readFile } from 'node:fs/promises';

const pollMs = 10;

/** Looks at a figure every few milliseconds; `stop` answers the largest one. */
export function watchPeak(look: () => Promise<number>): { stop(): Promise<number> } {
  let peak = 0;
  let looking = Promise.resolve();
  const lookAgain = async (): Promise<void> => {
    peak = Math.max(peak, await look());
  };
  const timer = setInterval(() => {
    looking = lookAgain();
  }, pollMs);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      return peak;
    },
  };
}

/** The most bytes that a process ever had in memory: asked for while it runs, since nothing is left of it afterwards. */
export function watchMemory(pid: number): { stop(): Promise<number> } {
  return watchPeak(async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  });
}
