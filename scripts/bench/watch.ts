import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const usualMs = 10;

/** Looks at a figure every so many milliseconds; `stop` answers the largest one. */
export function watchPeak(look: () => Promise<number>, pollMs = usualMs): { stop(): Promise<number> } {
  let peak = 0;
  let looking: Promise<void> | undefined;
  const lookAgain = async (): Promise<void> => {
    peak = Math.max(peak, await look());
    looking = undefined;
  };
  const timer = setInterval(() => {
    looking ??= lookAgain();
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

/** The most bytes that a process and all that it has started had in memory at one moment; what they share counts once (PSS). */
export function watchTreeMemory(pid: number, pollMs: number): { stop(): Promise<number> } {
  return watchPeak(() => treeMemory(String(pid)), pollMs);
}

async function treeMemory(pid: string): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const own = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.flatMap((list) => list.split(' ').filter((child) => child !== ''));
  const sizes = await Promise.all(children.map((child) => treeMemory(child)));
  return sizes.reduce((sum, size) => sum + size, own);
}

/** Of all regular files; what vanishes meanwhile counts nothing. */
export async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
