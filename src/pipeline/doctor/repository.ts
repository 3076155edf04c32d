import { readManifest } from '../../archive/verify.ts';
import type { ArchiveListing } from '../../context.ts';
import { parseArchiveName } from '../../domain/archive-name.ts';
import { AppError } from '../../errors.ts';
import { attempt, describeBytes, fail, failBy, ok, warn, type Finding } from './finding.ts';
import { clockToleranceMs, type DoctorTools } from './tools.ts';

export interface RepositoryExamination {
  readonly findings: readonly Finding[];
  /** Whether it is there and the passphrase opens it. */
  readonly opened: boolean;
}

/** Opens the repository, and looks whether backups can go on in it. */
export async function examineRepository(tools: DoctorTools, databaseBytes: number | undefined): Promise<RepositoryExamination> {
  let listing: readonly ArchiveListing[];
  try {
    listing = await tools.repository.list();
  } catch (error) {
    const found = failBy('repository', error);
    // A run that is going on is no fault, only a reason to look again later.
    const locked = error instanceof AppError && error.code === 'repository_locked';
    return { findings: [locked ? { ...found, state: 'warning' } : found], opened: false };
  }
  const own = listing.filter(({ name }) => parseArchiveName(name)?.project === tools.config.project);
  const findings = [
    ok(
      'repository',
      `${tools.repository.location} opens; ${listing.length} archives, ${own.length} finished ones of this project`,
    ),
    ...(await attempt('newest backup', async () => checkNewest(tools, own))),
    ...checkFuture(tools, own),
    ...(await attempt('free space', async () => checkFreeSpace(tools, { databaseBytes, isFirst: own.length === 0 }))),
    ...(await attempt('free space', async () => checkLeastRoom(tools))),
  ];
  return { findings, opened: true };
}

/** Its archives have to be readable, not only its list of them. */
async function checkNewest(tools: DoctorTools, own: readonly ArchiveListing[]): Promise<readonly Finding[]> {
  const newest = own
    .map(({ name }) => name)
    .filter((name) => parseArchiveName(name)!.kind === 'database')
    .toSorted()
    .at(-1);
  if (newest === undefined) return [];
  const manifest = await readManifest(tools, newest);
  return [ok('newest backup', `${manifest.backupId} can be read, and is ${manifest.status}`)];
}

function checkFuture(tools: DoctorTools, own: readonly ArchiveListing[]): readonly Finding[] {
  const limit = tools.clock.now().getTime() + clockToleranceMs;
  const future = own.filter(({ name }) => parseArchiveName(name)!.startedAt.getTime() > limit).map(({ name }) => name);
  if (future.length === 0) return [];
  return [
    warn(
      'future archives',
      `the clock is or was wrong: ${future.join(', ')}. Until that time has come retention removes nothing`,
      'Correct the clock of this machine (timedatectl set-ntp true). Archives that got their name from a wrong clock can be deleted by hand: borg delete ::NAME',
    ),
  ];
}

interface SpaceFacts {
  readonly databaseBytes: number | undefined;
  readonly isFirst: boolean;
}

/** How much of the database's size a later backup may need, when everything in it has changed somewhere. */
const shareOfLaterBackups = 0.25;

async function checkFreeSpace(tools: DoctorTools, { databaseBytes, isFirst }: SpaceFacts): Promise<readonly Finding[]> {
  const check = 'free space';
  const { location } = tools.repository;
  if (!location.startsWith('/')) return [];
  const freeBytes = await tools.files.freeBytes(location);
  const free = `${describeBytes(freeBytes)} at ${location}`;
  if (databaseBytes === undefined) return [ok(check, free)];
  const detail = `${free}; the database has ${describeBytes(databaseBytes)}`;
  if (freeBytes >= databaseBytes * (isFirst ? 1 : shareOfLaterBackups)) return [ok(check, detail)];
  return [
    warn(
      check,
      detail,
      'The next backup may not fit, although it is compressed and deduplicated: free some room, or lower RETENTION_DAYS and run `agent prune`.',
    ),
  ];
}

/** With less than this the next backup ends before it dumps anything (pipeline/repository-room.ts). */
async function checkLeastRoom({ repository, files }: DoctorTools): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { directory, bytes } of await repository.leastRoom()) {
    const freeBytes = await files.freeBytes(directory);
    if (freeBytes >= bytes) continue;
    const detail = `${describeBytes(freeBytes)} at ${directory}, and Borg begins no archive with less than ${describeBytes(bytes)}`;
    findings.push(fail('free space', detail, 'Make room on that file system.'));
  }
  return findings;
}
