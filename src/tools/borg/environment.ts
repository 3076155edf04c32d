import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RepositoryConfig } from '../../config/project-config.ts';

/**
 * The environment of every borg command. The passphrase is not in it: Borg reads that from descriptor 3.
 *
 * `inherited` are the user's own BORG_ variables; secrets and the repository among them are left out, since BORG_PASSPHRASE
 * would beat the descriptor.
 */
export function borgEnvironment(
  repository: RepositoryConfig,
  stateDirectory: string,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(inherited).filter(([name]) => name.startsWith('BORG_') && !/PASS|_REPO$|_KEY/.test(name));
  return {
    BORG_BASE_DIR: join(stateDirectory, 'borg'),
    BORG_HOST_ID: stableHostId(),
    ...Object.fromEntries(kept),
    BORG_REPO: repository.location,
    BORG_PASSPHRASE_FD: '3',
    // The messages are matched by their ids and texts; 'legacy' exit codes are what all versions share.
    BORG_EXIT_CODES: 'legacy',
    ...(repository.remoteShell === undefined ? {} : { BORG_RSH: repository.remoteShell }),
    ...(repository.remotePath === undefined ? {} : { BORG_REMOTE_PATH: repository.remotePath }),
  };
}

/**
 * Borg removes the lock of a dead process only when it knows the lock's host as itself. Its own id comes from the network
 * card, and is a random one for each process where there is none: ours comes from the machine id and does not change.
 */
function stableHostId(): string {
  return `${hostname()}@${createHash('sha256').update(machineId()).digest('hex').slice(0, 16)}`;
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}
