import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { exitCodeFor } from '../../src/domain/exit-code.ts';
import { startAgent, type AgentOptions, type AgentResult } from './agent.ts';
import { createTestRepository, type TestRepository } from './borg.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { expectNoLeaks } from './leaks.ts';
import type { TestProject } from './project.ts';
import { archiveNames, createInitializedProject, expectGood } from './scenario.ts';
import { leaveRoom, mountSmallDisk } from './small-disk.ts';
import { createStoredProject } from './stored-project.ts';

/** How full a disk is. */
export interface FillLevel {
  readonly freeBytes: number;
  /** A part of a line of the log (level debug): from then on no more is free. From the start unless given. */
  readonly from?: string;
}

/** A project, one directory of which is a disk that a test can fill up. */
export interface DiskScene {
  readonly disk: string;
  readonly project: TestProject;
  readonly repository: TestRepository;
  readonly args: readonly string[];
  readonly options: Pick<AgentOptions, 'env'>;
  /** So much that a run fits. */
  readonly roomBytes: number;
  /** Gives the next run more to write: about two megabytes that neither compress nor repeat. */
  grow(): Promise<void>;
}

/** Undefined where this process may mount no small disk. */
export type CreateDiskScene = () => Promise<DiskScene | undefined>;

const usualBytes = 64 * 1024 ** 2;
/** More than a drill asks for, and Borg to end a transaction. */
const ampleBytes = 1024 ** 3;
const variables = { MIGRATION_DRIFT: 'off' };

export const createRepositoryScene: CreateDiskScene = async () => {
  const disk = await mountSmallDisk(String(ampleBytes));
  if (disk === undefined) return undefined;
  const repository = await createTestRepository(join(disk, 'repository'));
  return createScene(disk, { repository, roomBytes: ampleBytes });
};

export const createStateScene: CreateDiskScene = async () => {
  const disk = await mountSmallDisk(String(usualBytes));
  return disk === undefined ? undefined : createScene(disk, { variables: { STATE_DIR: disk } });
};

/** The drill's server lies there. */
export const createTemporaryScene: CreateDiskScene = async () => {
  const disk = await mountSmallDisk(String(ampleBytes));
  if (disk === undefined) return undefined;
  // As root PostgreSQL runs as another user, which has to get there.
  await chmod(join(disk, '..'), 0o711);
  await chmod(disk, 0o711);
  const scene = await createScene(disk, { command: 'drill', env: { TMPDIR: disk }, roomBytes: ampleBytes });
  return { ...scene, grow: () => Promise.resolve() };
};

export const createMirrorScene: CreateDiskScene = async () => {
  const scene = await createStoredProject({ ...variables, STORAGE_CONCURRENCY: '2' });
  const { project, repository, storage } = scene;
  const mirror = join(project.stateDirectory, project.name, 'mirror');
  await mkdir(mirror, { recursive: true, mode: 0o700 });
  const disk = await mountSmallDisk(String(usualBytes), mirror);
  if (disk === undefined) return undefined;
  await chmod(disk, 0o700);
  const args = ['backup', '--only', 'storage'];
  let count = 0;
  const grow = async (): Promise<void> => {
    for (let index = 0; index < 7; index += 1) await storage.putObject('docs', `${count++}.bin`, randomBytes(300_000));
  };
  await grow();
  const made = { disk, project, repository, args, options: {}, roomBytes: usualBytes, grow };
  expect(await runFull(made, { freeBytes: usualBytes })).toMatchObject({ exitCode: 0 });
  return made;
};

interface Parts {
  readonly repository?: TestRepository;
  readonly variables?: Readonly<Record<string, string>>;
  readonly command?: 'backup' | 'drill';
  readonly env?: Readonly<Record<string, string>>;
  readonly roomBytes?: number;
}

async function createScene(disk: string, parts: Parts): Promise<DiskScene> {
  const { repository: given, command = 'backup', env = {}, roomBytes = usualBytes } = parts;
  const database = await createTestDatabase();
  const grow = async (): Promise<void> => fillWithNoise(database);
  await grow();
  const { project, repository } = await createInitializedProject({
    database,
    variables: { ...variables, ...parts.variables },
    ...(given === undefined ? {} : { repository: given }),
  });
  const scene = { disk, project, repository, args: [command], options: { env }, roomBytes, grow };
  const first = await runFull({ ...scene, args: ['backup'] }, { freeBytes: roomBytes });
  expect(first.exitCode, first.stdout).toBe(0);
  return scene;
}

async function fillWithNoise(database: TestDatabase): Promise<void> {
  await database.query(`
    CREATE TABLE IF NOT EXISTS public.noise (id int, bytes bytea); TRUNCATE public.noise;
    INSERT INTO public.noise SELECT r, string_agg(sha256((random()::text || g || r)::bytea), '')
      FROM generate_series(1, 2000) r, generate_series(1, 32) g GROUP BY r`);
}

/** Runs the command on a disk that is that full. */
export async function runFull({ disk, project, args, options, ...scene }: DiskScene, level: FillLevel): Promise<AgentResult> {
  const { freeBytes, from } = level;
  if (from === undefined) await leaveRoom(disk, freeBytes);
  else await leaveRoom(disk, scene.roomBytes);
  let filling: Promise<void> | undefined;
  const agent = startAgent([...args, '--json', '--log-level', 'debug', '--env-file', project.envFile], {
    ...options,
    onStderrLine: (line) => {
      if (from !== undefined && line.includes(from)) filling ??= leaveRoom(disk, freeBytes);
    },
  });
  const result = await agent.finished;
  await filling;
  return result;
}

/** What has to be true of a run on a full disk, and after it; answers how it ended. */
export async function expectClear(scene: DiskScene, result: AgentResult, told: string): Promise<string> {
  const said = `${told}: ${result.stdout} ${result.stderr.slice(-3000)}`;
  await leaveRoom(scene.disk, scene.roomBytes);
  const left = scene.args[0] === 'drill' ? await readdir(scene.disk) : [];
  expect(left, said).toEqual([]);
  await expectNoLeaks(scene.project.directory);
  if (result.exitCode === 0) return 'fits';
  const { status, error } = result.json<{ status: string; error?: { code: 'no_space'; message: string; hint: string } }>();
  expect({ status, code: error?.code, exitCode: result.exitCode }, said).toEqual({
    status: 'failed',
    code: 'no_space',
    exitCode: exitCodeFor('no_space'),
  });
  expect(error!.message, said).toMatch(/\S.*\bfree\b|room|space/);
  expect(error!.hint, said).toMatch(/room|space/i);
  return 'exit code 21 with its remedy';
}

/** With room again: earlier archives are as they were, and the next run succeeds without help. */
export async function expectRecovered(scene: DiskScene, earlier: readonly string[], told: string): Promise<void> {
  await expectGood(scene.project);
  expect(await archiveNames(scene.repository), told).toEqual(expect.arrayContaining([...earlier]));
  const next = await runFull(scene, { freeBytes: scene.roomBytes });
  expect({ exitCode: next.exitCode, stdout: next.exitCode === 0 ? '' : next.stdout }, told).toEqual({
    exitCode: 0,
    stdout: '',
  });
  const names = await archiveNames(scene.repository);
  expect(
    names.filter((name) => name.startsWith('.')),
    told,
  ).toEqual([]);
  const old = names.slice(0, -1);
  if (scene.args[0] === 'backup' && old.length > 0) await scene.repository.borg('delete', `::${old[0]!}`, ...old.slice(1));
  await scene.repository.borg('compact');
}
