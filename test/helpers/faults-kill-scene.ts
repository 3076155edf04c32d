import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openStateReader } from '../../src/tools/state/store.ts';
import type { RunRecord } from '../../src/state-store.ts';
import { runAgent, type AgentOptions, type AgentResult } from './agent.ts';
import type { TestRepository } from './borg.ts';
import type { Cluster } from './cluster.ts';
import { craftArchive } from './crafted-archive.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { KilledCommand } from './faults-kill-points.ts';
import { expectNoLeaks } from './leaks.ts';
import { expectNoProcesses } from './processes.ts';
import type { TestProject } from './project.ts';
import { archiveNames, createInitializedProject } from './scenario.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';
import { startTestCluster } from './test-cluster.ts';

/** A project with one good backup, and a target, on a server of its own. */
export interface KillScene {
  readonly cluster: Cluster;
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  readonly project: TestProject;
  readonly repository: TestRepository;
  /** TMPDIR of the agent. */
  readonly temporary: string;
  readonly options: Pick<AgentOptions, 'env'>;
  /** The words of the command line. */
  words(command: KilledCommand, ...more: readonly string[]): string[];
  run(command: KilledCommand, ...more: readonly string[]): Promise<AgentResult>;
}

/** Small, so that hundreds of runs take minutes: two tables that belong together, 20,000 rows, an index, a view and a sequence. */
const contents = `
  CREATE TABLE public.notes (id serial PRIMARY KEY, text text NOT NULL);
  INSERT INTO public.notes (text) SELECT repeat(md5(g::text), 4) FROM generate_series(1, 20000) g;
  CREATE TABLE public.tags AS SELECT id AS note, 'of ' || id AS tag FROM public.notes LIMIT 500;
  ALTER TABLE public.tags ADD FOREIGN KEY (note) REFERENCES public.notes;
  CREATE INDEX notes_by_text ON public.notes (text);
  CREATE VIEW public.tagged AS SELECT id, tag FROM public.notes JOIN public.tags ON note = id`;
/** Something of the user's, of other shapes and rows. */
const others = `
  CREATE TABLE public.notes (id integer, text text);
  INSERT INTO public.notes VALUES (1, 'of the target');
  CREATE TABLE public.tags (note integer)`;
const cleared = 'DROP VIEW IF EXISTS public.tagged; DROP TABLE IF EXISTS public.tags, public.notes';

export async function createKillScene(): Promise<KillScene> {
  const cluster = await startTestCluster();
  const source = await createTestDatabase({ cluster: cluster.address });
  await source.query(contents);
  const target = await createTestDatabase({ cluster: cluster.address });
  const variables = { MIGRATION_DRIFT: 'off', RETENTION_DAYS: '1', RETENTION_MIN_BACKUPS: '1' };
  const { project, repository } = await createInitializedProject({ database: source, target, variables });
  // As root PostgreSQL runs as another user, which has to get there.
  const parent = await createTemporaryDirectory();
  await chmod(parent, 0o711);
  const temporary = join(parent, 't');
  await mkdir(temporary, { mode: 0o711 });
  const options = { env: { TMPDIR: temporary } };
  const words: KillScene['words'] = (command, ...more) => {
    const [verb, ...flags] = command.split(' ');
    const where = verb === 'restore' ? ['latest', '--to', 'test', '--confirm', 'shop-test', '--no-safety-backup'] : [];
    return [verb!, ...where, ...flags, ...more, '--json', '--env-file', project.envFile];
  };
  const run: KillScene['run'] = async (command, ...more) => runAgent(words(command, ...more), options);
  const scene = { cluster, source, target, project, repository, temporary, options, words, run };
  expectSuccess(await run('backup'), 'the first backup');
  return scene;
}

/** Gives a run something to do: an old archive to prune, a target to restore into. */
export async function prepare(scene: KillScene, command: KilledCommand, names: readonly string[]): Promise<void> {
  if (command === 'prune') await craftArchive(scene.repository, { from: names.at(-1)!, as: 'shop-20260101T000000Z-database' });
  if (command.startsWith('restore')) await scene.target.query(cleared);
  if (command === 'restore --clean') await scene.target.query(others);
}

export function expectSuccess(result: AgentResult, told: string): void {
  const { exitCode, stderr } = result;
  expect({ exitCode, stderr, stdout: exitCode === 0 ? '' : result.stdout }, told).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: '',
  });
}

/** The newest runs first. */
export function readHistory({ project }: KillScene): RunRecord[] {
  const state = openStateReader(join(project.stateDirectory, project.name));
  try {
    return state.listRuns(3);
  } finally {
    state.close();
  }
}

/** Archives that look finished; those of the past may be gone at any time. */
export async function finishedNames({ repository }: KillScene): Promise<string[]> {
  return (await archiveNames(repository)).filter((name) => !name.startsWith('.'));
}

export const isOld = (name: string): boolean => name.startsWith('shop-20260101');

/** What all that the agent has started has to be a moment after it was killed: gone. */
export async function expectNobody({ project, source, target, temporary }: KillScene, told: string): Promise<void> {
  await expectNoProcesses(project.stateDirectory);
  await expectNoProcesses(temporary);
  const sessions = `SELECT query FROM pg_stat_activity WHERE datname = ANY ($1) AND application_name <> 'test'`;
  await expect
    .poll(() => source.query(sessions, [[source.name, target.name]]), { timeout: 120_000, message: told })
    .toEqual([]);
}

/** A directory that Borg makes beside its lock and then renames to it (borg/locking.py): killed in between it leaves that, which locks nothing. */
const lockInTheMaking = /^lock\.exclusive\.\w+\.tmp$/;

/** What nothing may be left of behind the next run. */
export async function expectNothingLeft(scene: KillScene, told: string): Promise<void> {
  const { project, repository, temporary } = scene;
  const entries = await Promise.all(
    [project.directory, repository.directory].map(async (path) => readdir(path, { recursive: true, withFileTypes: true })),
  );
  const left = [...entries.flat(), ...(await readdir(temporary, { withFileTypes: true }))];
  const lost = left.filter(
    ({ name, parentPath }) =>
      (name.startsWith('lock.') && name !== 'lock.db' && !lockInTheMaking.test(name)) ||
      parentPath.startsWith(temporary) ||
      parentPath.endsWith('/run'),
  );
  expect(
    lost.map(({ name, parentPath }) => join(parentPath, name)),
    told,
  ).toEqual([]);
  await expectNoLeaks(project.directory);
}

/** What the target holds: its relations, and a checksum of the rows. */
export async function lookAtTarget({ target }: Pick<KillScene, 'target'>): Promise<{ relations: unknown; rows?: unknown }> {
  const relations = await target.query(
    "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname",
  );
  if (relations.length === 0) return { relations };
  const rows =
    "SELECT md5(string_agg(id || text, ',' ORDER BY id)) AS sum, (SELECT count(*) FROM public.tags) AS tags FROM public.notes";
  return { relations, rows: await target.query(rows) };
}
