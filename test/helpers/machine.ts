import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { whenTestEnds } from './cleanup.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where a machine sees this checkout, which it may not write to. */
export const checkoutOnMachine = '/checkout';

interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container with a systemd of its own, the programs (/usr) and the network of this machine, and nothing else of it. */
export interface Machine {
  /** Runs a command as root, with a small environment; how it ends is for the test to judge. */
  run(command: readonly string[], input?: string): Promise<Ended>;
}

/** All that is in the unit's journal when its first run has ended, well or not, which may be yet to come; a minute at most. */
export async function waitForRun(machine: Machine, unit: string): Promise<string> {
  // What systemd says of a oneshot: `Finished supabase-backup@shop.service - Backup of the project shop.`
  return waitForLine(machine, unit, '^(Finished|Failed to start) ');
}

/**
 * All that is in the unit's journal when it has that many lines like the pattern (an extended regular expression without slashes), some of
 * which may be yet to come; a minute at most.
 */
export async function waitForLine(machine: Machine, unit: string, pattern: string, count = 1): Promise<string> {
  const program =
    'found=0; while IFS= read -r line; do printf "%s\\n" "$line"; if [[ $line =~ $2 ]] && ((++found == $3)); then break; fi; done';
  const script = `${program} < <(journalctl --follow --lines=all --output=cat --unit="$1" 2>&-)`;
  return (await machine.run(['timeout', '60', 'bash', '-c', script, 'wait', unit, pattern, String(count)])).stdout;
}

/** What a command printed, which has to end well. */
export async function runOnMachine(machine: Machine, command: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await machine.run(command, input);
  if (exitCode === 0) return stdout;
  throw new Error(`${command.join(' ')} ended with ${exitCode}\n${stdout}\n${stderr}`);
}

/** Writes a file that the group of the service may read. */
export async function writeOnMachine(machine: Machine, path: string, text: string, mode = '644'): Promise<void> {
  const script = 'mkdir -p "${1%/*}" && cat >"$1" && chgrp supabase-backup "$1" && chmod "$2" "$1"';
  await runOnMachine(machine, ['sh', '-c', script, 'write', path, mode], text);
}

/** What such a machine needs; the reason why there can be none here. */
async function findObstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'this is not root';
  if (!existsSync('/usr/bin/systemd-nspawn')) return 'systemd-nspawn is not installed (Debian: systemd-container)';
  if (!existsSync('/usr/lib/systemd/systemd')) return 'systemd is not installed';
  return (await realpath('/bin')) === '/usr/bin' ? undefined : '/bin is a directory of its own';
}

/** Boots a machine (half a second), which is gone when the test is over; or says why it cannot. */
export async function bootMachine(): Promise<Machine | string> {
  const obstacle = await findObstacle();
  if (obstacle !== undefined) return obstacle;
  const root = join(await createTemporaryDirectory(), 'root');
  await makeRoot(root);
  // nspawn ends its container when it ends itself; what the tests' end leaves no time for, the kernel does.
  const container = execa('setpriv', ['--pdeathsig', 'KILL', '--', 'systemd-nspawn', ...(await listArguments(root))], {
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  const shown: string[] = [];
  for await (const line of createInterface({ input: container.all })) {
    shown.push(line);
    if (line.includes('basic.target')) break;
  }
  container.all.resume();
  const leader = (await readFile(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').catch(() => '')).trim();
  if (leader === '') return `systemd does not boot in a container here: ${shown.slice(-3).join(' ').trim()}`;
  whenTestEnds(async () => {
    // The first process of the container: all others die with it.
    process.kill(Number(leader), 'SIGKILL');
    await container;
  });
  const enter = enterArguments(leader);
  const machine: Machine = {
    run: async (command: readonly string[], input = ''): Promise<Ended> => {
      const { exitCode, stdout, stderr } = await execa('nsenter', [...enter, ...command], { input, reject: false, cwd: '/' });
      return { exitCode, stdout, stderr };
    },
  };
  await machine.run(['systemctl', 'is-system-running', '--wait']);
  return machine;
}

/** What of /etc a machine has to have of its own, or not at all. */
const excluded = ['systemd/system', 'machine-id', 'os-release', 'supabase-backup'];

/** A root directory without programs: those come with /usr. */
async function makeRoot(root: string): Promise<void> {
  const directories = ['usr', 'etc', 'home', 'local/bin', 'opt', 'root', 'run', 'srv', 'tmp', 'var/backups', 'var/log/journal'];
  for (const path of directories) await mkdir(join(root, path), { recursive: true });
  for (const path of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${path}`, join(root, path));
  // What is enabled on this machine does not run on that one.
  await execa('tar', ['--create', '--directory=/etc', ...excluded.map((name) => `--exclude=./${name}`), '--file=-', '.']).pipe(
    'tar',
    ['--extract', '--directory', join(root, 'etc')],
  );
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
  await copyFile('/etc/os-release', join(root, 'etc/os-release'));
  // With one, this is no first boot, which would enable everything.
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  await chmod(root, 0o755);
}

async function listArguments(root: string): Promise<string[]> {
  const links = await Promise.all(
    ['node_modules', '.node'].map((name) => realpath(join(checkout, name)).catch(() => undefined)),
  );
  const elsewhere = links.filter((path) => path !== undefined && !path.startsWith(`${checkout}/`));
  return [
    `--directory=${root}`,
    `--machine=agent-test-${randomBytes(4).toString('hex')}`,
    '--boot',
    '--register=no',
    '--keep-unit',
    '--console=read-only',
    '--bind-ro=/usr',
    `--bind=${join(root, 'local')}:/usr/local`,
    `--bind-ro=${checkout}:${checkoutOnMachine}`,
    `--bind-ro=${dirname(process.execPath)}:/node`,
    ...elsewhere.map((path) => `--bind-ro=${path}`),
    'systemd.unit=basic.target',
  ];
}

function enterArguments(leader: string): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd'];
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/node', 'HOME=/root', 'LANG=C.UTF-8'];
  return ['--target', leader, ...namespaces, '--', 'env', '--ignore-environment', ...environment];
}
