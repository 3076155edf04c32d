import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { startCluster, type Cluster } from '../../test/helpers/cluster.ts';
import { emptyStorage } from '../../test/helpers/empty-storage.ts';
import { loadSupabaseFixture } from '../../test/helpers/fixture.ts';
import { runAgent, type AgentRun } from './agent-run.ts';
import type { Announcement, Order } from './storage-server.ts';

/** A Storage API in a process of its own over a database of its own. */
export interface BenchServer extends Announcement {
  order(order: Order): Promise<number>;
  sql(statement: string): Promise<void>;
}

/** A project with a repository, and another one to restore into. */
export interface StorageBench {
  readonly source: BenchServer;
  readonly target: BenchServer;
  readonly directory: string;
  run(...args: readonly string[]): Promise<AgentRun>;
  /** Has Borg read all objects of the newest archive of Storage, for nobody. */
  exportLatest(): Promise<void>;
  stop(): Promise<void>;
}

export const targetName = 'target';
const passphrase = 'bench';

export async function startStorageBench(): Promise<StorageBench> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-bench-'));
  const cluster = await startCluster({ settings: { shared_buffers: '256MB' } });
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.filter(({ connected }) => connected)) {
      child.disconnect();
      await once(child, 'exit');
    }
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const source = await startServer(cluster, 'source', children);
    const target = await startServer(cluster, targetName, children);
    const envFile = await writeProject(directory, cluster, { source, target });
    return {
      source,
      target,
      directory,
      stop,
      run: (...args) => runAgent(directory, ...args, '--env-file', envFile),
      exportLatest: () => exportLatest(directory),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function exportLatest(directory: string): Promise<void> {
  const env = { BORG_REPO: join(directory, 'repository'), BORG_PASSPHRASE: passphrase, BORG_BASE_DIR: join(directory, 'borg') };
  const { stdout: archive } = await execa('borg', ['list', '--last=1', '--glob-archives=*-storage', '--format={archive}'], {
    env,
  });
  await execa('borg', ['export-tar', `::${archive}`, '-', 'storage'], { env, stdout: 'ignore' });
}

async function startServer(cluster: Cluster, database: string, children: ChildProcess[]): Promise<BenchServer> {
  const { binDirectory, socketDirectory, port } = cluster.address;
  const place = [`--host=${socketDirectory}`, `--port=${port}`, '--username=postgres', '--no-psqlrc', '--quiet'];
  const sql = async (statement: string, name = database): Promise<void> => {
    const manner = ['--set=ON_ERROR_STOP=1', `--dbname=${name}`];
    await execa(join(binDirectory, 'psql'), [...place, ...manner], { input: `${statement};`, stdout: 'ignore' });
  };
  await sql(`CREATE DATABASE ${database}`, 'postgres');
  await loadSupabaseFixture(cluster.address, database);
  await sql(emptyStorage);
  const program = fileURLToPath(new URL('storage-server.ts', import.meta.url));
  const child = fork(program, [socketDirectory, String(port), database]);
  children.push(child);
  const [announcement] = (await once(child, 'message')) as [Announcement];
  return {
    ...announcement,
    sql: (statement) => sql(statement),
    async order(order) {
      child.send(order);
      const [answer] = (await once(child, 'message')) as [number];
      return answer;
    },
  };
}

async function writeProject(
  directory: string,
  cluster: Cluster,
  { source, target }: { readonly source: Announcement; readonly target: Announcement },
): Promise<string> {
  const { socketDirectory, port } = cluster.address;
  const url = (database: string): string => `postgresql://postgres@/${database}?host=${socketDirectory}&port=${port}`;
  const lines = [
    'PROJECT_NAME=bench',
    `SUPABASE_DB_URL=${url('source')}`,
    `SUPABASE_URL=${source.url}`,
    `SUPABASE_SERVICE_ROLE_KEY=${source.serviceKey}`,
    `BORG_REPO=${join(directory, 'repository')}`,
    `BORG_PASSPHRASE=${passphrase}`,
    `STATE_DIR=${join(directory, 'state')}`,
    `TEST_PROJECT_NAME=${targetName}`,
    `TEST_SUPABASE_DB_URL=${url(targetName)}`,
    'TEST_RESTORE_ALLOWED=true',
    `TEST_SUPABASE_URL=${target.url}`,
    `TEST_SUPABASE_SERVICE_ROLE_KEY=${target.serviceKey}`,
  ];
  const envFile = join(directory, 'bench.env');
  await mkdir(directory, { recursive: true });
  await writeFile(envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  await runAgent(directory, 'init', '--env-file', envFile);
  return envFile;
}
