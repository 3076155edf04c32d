import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';

/**
 * Throws when something is left of a run below `directory`: a process that works in it or holds a file of it open (this one
 * included), or a named pipe. A child that dies with its parent needs a moment for that, hence the patience.
 */
export async function expectNoLeaks(directory: string, patienceMs = 120_000): Promise<void> {
  await vi.waitFor(async () => {
    const leaks = [...(await findUsers(directory)), ...(await findFifos(directory))];
    if (leaks.length > 0) throw new Error(`Left behind:\n${leaks.join('\n')}`);
  }, patienceMs);
}

/** "pid 12 (borg create): cwd /tmp/x" for every process and descriptor that points below `directory`. */
async function findUsers(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const users = await Promise.all(pids.map((pid) => findUses(pid, directory)));
  return users.flat();
}

async function findUses(pid: string, directory: string): Promise<string[]> {
  const process = join('/proc', pid);
  const descriptors = await readdir(join(process, 'fd')).catch(() => []);
  const links = ['cwd', ...descriptors.map((descriptor) => join('fd', descriptor))];
  // A process may end while it is looked at.
  const targets = await Promise.all(links.map((link) => readlink(join(process, link)).catch(() => '')));
  const uses = targets.flatMap((target, index) => (isBelow(target, directory) ? [`${links[index]} ${target}`] : []));
  if (uses.length === 0) return [];
  const command = (await readFile(join(process, 'cmdline'), 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
  return uses.map((use) => `pid ${pid} (${command}): ${use}`);
}

async function findFifos(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFIFO()).map((entry) => `named pipe ${join(entry.parentPath, entry.name)}`);
}

/** The kernel appends " (deleted)" to the path of what is open but no longer there. */
function isBelow(path: string, directory: string): boolean {
  return path === directory || path === `${directory} (deleted)` || path.startsWith(`${directory}/`);
}
