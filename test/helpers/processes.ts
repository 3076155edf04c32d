import { readdir, readFile, readlink } from 'node:fs/promises';
import { vi } from 'vitest';

/** The process of that name which works below a directory; waits for it. */
export async function findProcess(name: string, directory: string): Promise<number> {
  return vi.waitFor(
    async () => {
      const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
      for (const pid of pids) {
        const [command, cwd] = await Promise.all([
          readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
          readlink(`/proc/${pid}/cwd`).catch(() => ''),
        ]);
        if (command.trim() === name && cwd.startsWith(`${directory}/`)) return Number(pid);
      }
      throw new Error(`No ${name} runs below ${directory}.`);
    },
    { timeout: 20_000, interval: 2 },
  );
}
