import { readdir, readFile, readlink } from 'node:fs/promises';
import { expect, vi } from 'vitest';

interface FoundProcess {
  readonly pid: number;
  readonly name: string;
}

/** Every process whose current directory lies below `directory`: there the children of a run work. */
async function findProcesses(directory: string): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end while it is looked at.
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return cwd.startsWith(`${directory}/`) ? [{ pid: Number(pid), name: name.trim() }] : [];
    }),
  );
  return found.flat();
}

/** The process of that name which works below a directory; waits for it. */
export async function findProcess(name: string, directory: string): Promise<number> {
  return vi.waitFor(
    async () => {
      const found = (await findProcesses(directory)).find((process) => process.name === name);
      if (found === undefined) throw new Error(`No ${name} runs below ${directory}.`);
      return found.pid;
    },
    { timeout: 120_000, interval: 2 },
  );
}

/** Children end a moment after the agent that was killed. */
export async function expectNoProcesses(directory: string): Promise<void> {
  await expect.poll(() => findProcesses(directory), { timeout: 120_000, interval: 10 }).toEqual([]);
}

/** All processes that a process has started, directly or not. */
export async function listDescendants(ancestor: number): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const stats = await Promise.all(
    pids.map(async (pid) => parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))),
  );
  const known = new Set([ancestor]);
  // A child has a higher pid than its parent, but for the moment when pids begin anew.
  const found = stats.filter((stat) => stat !== undefined).toSorted((a, b) => a.pid - b.pid);
  return found.filter(({ pid, parent }) => known.has(parent) && known.add(pid));
}

function parseStat(stat: string): (FoundProcess & { readonly parent: number }) | undefined {
  const match = /^(\d+) \((.*)\) \S (\d+) /s.exec(stat);
  return match === null ? undefined : { pid: Number(match[1]), name: match[2]!, parent: Number(match[3]) };
}
