import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { composeCommands, composeTools } from '../../composition.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { AppError } from '../../errors.ts';
import { createLogger } from '../../log.ts';
import { examineDatabase } from '../../pipeline/doctor/database.ts';
import { attempt, fail, failBy, ok, warn, type Finding } from '../../pipeline/doctor/finding.ts';
import { examineRepository } from '../../pipeline/doctor/repository.ts';
import { examineStorage } from '../../pipeline/doctor/storage.ts';
import type { DoctorTools } from '../../pipeline/doctor/tools.ts';
import type { Shell } from '../shell.ts';
import { findServiceUser, startAs } from './service-user.ts';

export interface Trial {
  readonly findings: readonly Finding[];
  /** Whether the repository is there already. */
  readonly hasRepository: boolean;
}

/**
 * Connects to everything that a configuration names, as `agent doctor` does, and leaves nothing behind. What root tries for a service is tried
 * as the service's user. Throws AppError interrupted.
 */
export async function tryConfiguration(shell: Shell, { config, warnings }: LoadedConfig): Promise<Trial> {
  const { environment, signal, progress } = shell;
  const own = composeCommands({ environment, signal });
  const user = shell.isRoot ? await findServiceUser(own, dirname(config.envFile!)) : undefined;
  // For Borg's cache, which root must not make elsewhere; not /tmp, which may lie in memory. Another user may not see root's own place.
  const place = user === undefined ? (environment['TMPDIR'] ?? '/var/tmp') : '/var/tmp';
  const stateDirectory = await mkdtemp(join(place, 'agent-config-'));
  try {
    if (user !== undefined) await chown(stateDirectory, user.userId, user.groupId);
    const commands = user === undefined ? own : startAs(user, own);
    const log = createLogger([]);
    const tools = composeTools({ config: { ...config, stateDirectory }, log, progress, signal, environment, commands });
    const found = warnings.map((warning) => warn('configuration', warning, 'Correct it here, or later in the file.'));
    const trial = await examine(tools, progress, user?.name ?? 'the user of this command');
    return { ...trial, findings: [...found, ...trial.findings] };
  } finally {
    progress.end();
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

async function examine(tools: DoctorTools, progress: Shell['progress'], who: string): Promise<Trial> {
  try {
    progress.step('Connecting to the database');
    const database = await examineDatabase(tools);
    progress.step('Asking Storage');
    const storage = await examineStorage(tools);
    progress.step('Opening the repository');
    const repository = await examineNewRepository(tools, { databaseBytes: database.sizeBytes, who });
    tools.signal.throwIfAborted();
    return { ...repository, findings: [...database.findings, ...storage, ...repository.findings] };
  } finally {
    await tools.storage?.store.close();
  }
}

/** As the doctor does; but one that is not there yet is no fault, if it can be made. */
async function examineNewRepository(tools: DoctorTools, { databaseBytes, who }: RepositoryFacts): Promise<Trial> {
  try {
    await tools.repository.list();
  } catch (error) {
    const isMissing = error instanceof AppError && error.code === 'repository_missing';
    const other = isMissing
      ? ok('repository', `${tools.repository.location} is not there yet: agent init creates it`)
      : undefined;
    const judged = await attempt('repository', async () => [
      (await judgePlace(tools, who, isMissing)) ?? other ?? failBy('repository', error),
    ]);
    return { findings: judged, hasRepository: false };
  }
  const { findings } = await examineRepository(tools, databaseBytes);
  return { findings, hasRepository: true };
}

interface RepositoryFacts {
  readonly databaseBytes: number | undefined;
  /** For messages: the user that programs are started as. */
  readonly who: string;
}

/** What is wrong with the directory that a repository of this machine is in, or is to be in: to Borg that is an exception in Python. */
async function judgePlace(
  { commands, repository: { location } }: DoctorTools,
  who: string,
  isMissing: boolean,
): Promise<Finding | undefined> {
  if (!location.startsWith('/')) return undefined;
  let place = location;
  while (!existsSync(place)) place = dirname(place);
  const { exitCode } = await commands.run({ file: 'test', args: [isMissing ? '-w' : '-x', place] });
  if (exitCode === 0) return undefined;
  const what = isMissing
    ? `is not there, and cannot be created: ${who} may not write to ${place}`
    : `cannot be reached: ${who} may not look into ${place}`;
  return fail(
    'repository',
    `${location} ${what}`,
    `Choose another place (scripts/install makes one, /var/backups/supabase-backup), or let ${who} into ${place}.`,
  );
}
