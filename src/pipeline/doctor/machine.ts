import type { CommandRunner } from '../../context.ts';
import { attempt, fail, ok, warn, type Finding } from './finding.ts';

/** What has to be there on any machine, whatever the configuration. */
export async function examineMachine(commands: CommandRunner, nodeVersion: string): Promise<readonly Finding[]> {
  return [
    judgeNode(nodeVersion),
    ...(await attempt('borg', async () => [await checkBorg(commands)])),
    ...(await attempt('setpriv', async () => [await checkSetpriv(commands)])),
  ];
}

/** As in package.json, `engines`. */
const oldestNode = [24, 2];

/** Takes `process.version`. */
export function judgeNode(version: string): Finding {
  if (!isOlder(version, oldestNode)) return ok('node', version.replace('v', ''));
  return fail(
    'node',
    `${version.replace('v', '')} is too old`,
    `Install Node ${oldestNode.join('.')} or newer: scripts/setup of the agent's checkout does it.`,
  );
}

async function checkBorg(commands: CommandRunner): Promise<Finding> {
  const { stdout } = await commands.run({ file: 'borg', args: ['--version'] });
  return judgeBorg(/\d+(\.\d+)+\S*/.exec(stdout)?.[0] ?? stdout.trim());
}

/**
 * Takes what `borg --version` says.
 * https://github.com/borgbackup/borg/blob/1.4-maint/docs/changes.rst#pre-125-archives-spoofing-vulnerability-cve-2023-36811
 */
export function judgeBorg(version: string): Finding {
  const check = 'borg';
  if (!isOlder(version, [2])) {
    return fail(
      check,
      `${version} has another repository format and other commands`,
      'Install Borg 1.4 or 1.2 (1.2.8 or newer).',
    );
  }
  if (isOlder(version, [1, 2])) {
    return fail(
      check,
      `${version} is too old: it cannot free room (borg compact)`,
      'Install Borg 1.4 or 1.2 (1.2.8 or newer).',
    );
  }
  if (!isOlder(version, [1, 2, 5])) return ok(check, version);
  return warn(
    check,
    `${version} has CVE-2023-36811: whoever can write to the repository, and get a file of their making into a backup, could fake an archive. ` +
      'They could not read or change the archives that are there.',
    spoofingRemedy,
  );
}

/**
 * Debian 12 has 1.2.4, and 1.4.0 in its backports. What Borg before 1.2.6 renames has no valid tag for the fixed versions: tried
 * with 1.2.4 and 1.4.0. The agent's own archives have one (ADR 4).
 */
const spoofingRemedy = [
  'Install Borg 1.2.8 or newer; Debian 12 has one in bookworm-backports: apt install -t bookworm-backports borgbackup',
  'If other programs than this agent have renamed archives in the repository, run this once after that: borg upgrade --archives-tam',
  '(Without it the new version refuses the archives that the old one has renamed, and a repair would delete them.)',
].join('\n');

/** Without it programs that a killed agent has started go on. */
async function checkSetpriv(commands: CommandRunner): Promise<Finding> {
  const check = 'setpriv';
  const missing = warn(
    check,
    'is not there: when the agent is killed, the programs that it has started may go on for a while',
    'apt install util-linux',
  );
  try {
    const { exitCode, stdout } = await commands.run({ file: '/usr/bin/setpriv', args: ['--version'] });
    return exitCode === 0 ? ok(check, stdout.trim()) : missing;
  } catch {
    return missing;
  }
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.match(/\d+/g)?.map(Number) ?? [];
  for (const [position, wanted] of than.entries()) {
    const part = parts[position] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
