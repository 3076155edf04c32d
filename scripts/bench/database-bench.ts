import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startCluster, type Cluster } from '../../test/helpers/cluster.ts';
import { agentCommand } from './agent-run.ts';
import { timeRestore, type RestoreFigures } from './database-restore.ts';
import { median } from './figures.ts';
import { watchMemory, watchPeak } from './watch.ts';

/** About 900 MB of dump, nearly all of it in one table: an event log of the types that such tables have. */
const bigTable = `
  CREATE TABLE events AS
  SELECT g AS id, gen_random_uuid() AS user_id, 'kind-' || g % 17 AS kind, now() - g * interval '1 second' AS happened_at,
         (random() * 1000)::numeric(10, 2) AS amount,
         jsonb_build_object('path', '/items/' || (g * 7919::bigint) % 100000, 'agent', md5((g % 5000)::text), 'ms', (random() * 900)::int,
                            'ip', '10.' || g % 255 || '.' || (g * 13) % 255 || '.7', 'ref', md5(g::text)) AS properties
    FROM generate_series(1, 3750000) g;
  ALTER TABLE events ADD PRIMARY KEY (id);
  CREATE TABLE kinds AS SELECT DISTINCT kind FROM events;
  VACUUM ANALYZE`;

export interface BackupFigures {
  readonly seconds: number;
  readonly deduplicatedBytes: number;
  readonly peakMemoryBytes: number;
  /** The most that regular files in the run's directory ever held: a dump that touches the disk would lie there. */
  readonly stagedBytes: number;
}

/** A repository of the agent's, with an env file for each of the two databases. */
interface AgentRepository {
  readonly directory: string;
}

export interface Bench {
  readonly dumpMegabytes: number;
  createRepository(): Promise<AgentRepository>;
  /** The last one that was made. */
  repository(): AgentRepository;
  /** A repository that Borg alone fills, with its default chunker. */
  createReference(): Promise<Record<string, string>>;
  timeRawDump(database: string): Promise<number>;
  timeBackup(repository: AgentRepository, database: 'big' | 'empty'): Promise<BackupFigures>;
  /** The second time, after another update of random rows: as much has changed as before the agent's second backup. */
  timeDumpToFileThenBorg(repository: AgentRepository): Promise<number>;
  /** Of the last backup. */
  timeRestore(repository: AgentRepository, database: 'big' | 'empty', jobs?: number): Promise<RestoreFigures>;
  /** Answers by how many bytes the repository grew. */
  archiveWithDefaultChunker(environment: Record<string, string>): Promise<number>;
  /** Makes the large database anew, as it was at first. */
  restoreData(): Promise<void>;
  updateRandomRows(): Promise<void>;
  /** How many milliseconds `agent list` takes more than `borg list`. */
  timeListings(rounds: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-bench-'));
  const cluster = await startCluster({
    settings: { shared_buffers: '256MB', max_wal_size: "'8GB'", checkpoint_timeout: "'1h'" },
  });
  try {
    process.stderr.write('building about 900 MB of data\n');
    await runSql(cluster, 'postgres', 'CREATE DATABASE pristine', 'CREATE DATABASE empty');
    await runSql(cluster, 'pristine', ...bigTable.split(';'));
    return await openBench(directory, cluster);
  } catch (error) {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function openBench(directory: string, cluster: Cluster): Promise<Bench> {
  const { dump, environment } = tools(cluster);
  await restoreData(cluster);
  const sized = await execa('sh', ['-c', `${dump} -Fc -Z0 big | wc -c`], { env: environment });
  const updateRandomRows = (): Promise<void> =>
    runSql(cluster, 'big', "UPDATE events SET kind = 'changed ' || random() WHERE random() < 0.002", 'VACUUM events');
  let last: AgentRepository | undefined;
  let count = 0;
  return {
    dumpMegabytes: Math.round(Number(sized.stdout) / 1e6),
    async createRepository() {
      if (last !== undefined) await rm(last.directory, { recursive: true });
      last = await createAgentRepository(join(directory, `agent-${(count += 1)}`), cluster);
      return last;
    },
    repository: () => last!,
    createReference: () => createReference(join(directory, `reference-${count}`)),
    timeRawDump: (database) => time(() => execa('sh', ['-c', `${dump} -Fc -Z0 ${database} >/dev/null`], { env: environment })),
    timeBackup: (repository, database) => timeBackup(repository, database),
    async timeDumpToFileThenBorg(repository) {
      const file = join(directory, 'full.dump');
      const borgEnvironment = rawBorg(repository);
      const work = async (name: string): Promise<void> => {
        await execa(dump, ['-Fc', '-Z0', `--file=${file}`, 'big'], { env: environment });
        await execa('borg', ['create', '--compression=zstd,1', `::${name}`, file], { env: borgEnvironment });
      };
      await work('file-1');
      await updateRandomRows();
      const seconds = await time(() => work('file-2'));
      await rm(file);
      return seconds;
    },
    async archiveWithDefaultChunker(reference) {
      const script = `${dump} -Fc -Z0 big | borg create --json --compression=zstd,1 ::$(date +%s%N) -`;
      const { stdout } = await execa('sh', ['-c', script], { env: { ...environment, ...reference } });
      return (JSON.parse(stdout) as { archive: { stats: { deduplicated_size: number } } }).archive.stats.deduplicated_size;
    },
    timeRestore: (repository, database, jobs) =>
      timeRestore(
        { directory, address: cluster.address, envFile: join(repository.directory, `${database}.env`), database },
        jobs,
      ),
    restoreData: () => restoreData(cluster),
    updateRandomRows,
    timeListings: (rounds) => timeListings(last!, rounds),
    async stop() {
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function tools(cluster: Cluster): { dump: string; psql: string; environment: Record<string, string> } {
  const { binDirectory, socketDirectory, port } = cluster.address;
  const environment = { PGHOST: socketDirectory, PGPORT: String(port), PGUSER: 'postgres' };
  return { dump: join(binDirectory, 'pg_dump'), psql: join(binDirectory, 'psql'), environment };
}

async function runSql(cluster: Cluster, database: string, ...statements: readonly string[]): Promise<void> {
  const { psql, environment } = tools(cluster);
  const commands = statements.flatMap((statement) => ['--command', statement]);
  await execa(psql, ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${database}`, ...commands], {
    env: environment,
  });
}

/** Rows that move within their table at an update find other places in a table that has been updated before. */
async function restoreData(cluster: Cluster): Promise<void> {
  await runSql(
    cluster,
    'postgres',
    'DROP DATABASE IF EXISTS big',
    'CREATE DATABASE big TEMPLATE pristine STRATEGY file_copy',
    'CHECKPOINT',
  );
}

async function createAgentRepository(directory: string, cluster: Cluster): Promise<AgentRepository> {
  await mkdir(directory, { mode: 0o700, recursive: true });
  for (const database of ['big', 'empty']) {
    const { socketDirectory, port } = cluster.address;
    const lines = [
      `PROJECT_NAME=${database}`,
      `SUPABASE_DB_URL=postgresql://postgres@/${database}?host=${socketDirectory}&port=${port}`,
      `BORG_REPO=${join(directory, 'repository')}`,
      'BORG_PASSPHRASE=bench',
      `STATE_DIR=${join(directory, 'state')}`,
    ];
    await writeFile(join(directory, `${database}.env`), `${lines.join('\n')}\n`, { mode: 0o600 });
  }
  await execa(process.execPath, [...agentCommand, 'init', '--env-file', join(directory, 'big.env')]);
  return { directory };
}

async function createReference(directory: string): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true });
  const environment = { BORG_BASE_DIR: directory, BORG_REPO: join(directory, 'repository'), BORG_PASSPHRASE: 'bench' };
  await execa('borg', ['init', '--encryption=repokey-blake2'], { env: environment });
  return environment;
}

function rawBorg({ directory }: AgentRepository): Record<string, string> {
  return {
    BORG_BASE_DIR: join(directory, 'state', 'borg'),
    BORG_REPO: join(directory, 'repository'),
    BORG_PASSPHRASE: 'bench',
  };
}

async function timeBackup({ directory }: AgentRepository, database: 'big' | 'empty'): Promise<BackupFigures> {
  await settle();
  const startedMs = performance.now();
  const subprocess = execa(process.execPath, [
    ...agentCommand,
    'backup',
    '--json',
    '--env-file',
    join(directory, `${database}.env`),
  ]);
  const memory = watchMemory(subprocess.pid!);
  const staging = watchPeak(() => dumpBytesBelow(join(directory, 'state', database, 'run')));
  const { stdout } = await subprocess;
  const seconds = (performance.now() - startedMs) / 1000;
  const document = JSON.parse(stdout) as { archives: [{ deduplicatedBytes: number }] };
  return {
    seconds,
    deduplicatedBytes: document.archives[0].deduplicatedBytes,
    peakMemoryBytes: await memory.stop(),
    stagedBytes: await staging.stop(),
  };
}

async function dumpBytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'pgpass');
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function timeListings(repository: AgentRepository, rounds: number): Promise<number> {
  const agent: number[] = [];
  const borg: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    agent.push(
      await time(() => execa(process.execPath, [...agentCommand, 'list', '--env-file', join(repository.directory, 'big.env')])),
    );
    borg.push(await time(() => execa('borg', ['list'], { env: rawBorg(repository) })));
  }
  return (median(agent) - median(borg)) * 1000;
}

/** Writes out what the preparations have left in memory: a measured Borg would otherwise wait for that at its first fsync. */
async function settle(): Promise<void> {
  await execa('sync');
}

/** Seconds that some work takes. */
async function time(work: () => Promise<unknown>): Promise<number> {
  await settle();
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}
