import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startCluster, type Cluster } from '../../../test/helpers/cluster.ts';
import { bytesBelow } from '../watch.ts';
import { describeAgent } from './agent.ts';
import { describeBorgmatic, describePlainBorgmatic } from './borgmatic.ts';
import { createData, type Sql } from './data.ts';
import { describeDumpFile, describePlainDumpFile } from './dump-file.ts';
import { database, rawDump, type Peer, type Step } from './peer.ts';
import { describePlainSql } from './plain-sql.ts';
import { describeRestic } from './restic.ts';
import { compareRows, createEmpty, environmentOf, psql } from './server.ts';
import { install, runScript, time, timeStep, watchStep, type Installed, type Needs, type Timing } from './steps.ts';

/** By the names of their directories. */
const descriptions = {
  agent: describeAgent,
  'dump-file': describeDumpFile,
  'dump-file-plain': describePlainDumpFile,
  borgmatic: describeBorgmatic,
  'borgmatic-plain': describePlainBorgmatic,
  restic: describeRestic,
  'plain-sql': describePlainSql,
};

/** A server with the data, an empty one to restore into, and each tool with a repository of its own. */
export interface Scene {
  readonly peers: readonly Peer[];
  /** To the database that is backed up. */
  readonly sql: Sql;
  /** The size of an uncompressed dump. */
  measureDump(): Promise<number>;
  /** Seconds of `pg_dump -Fc -Z0 >/dev/null`. */
  timeRawDump(): Promise<number>;
  /** Makes the data as it was at first, and every tool without a backup. */
  beginAnew(): Promise<void>;
  /** A restore goes into an empty database, and is looked at afterwards. */
  time(peer: Peer, step: Step): Promise<Timing>;
  watch(peer: Peer, step: Step): Promise<Needs>;
  storedBytes(peer: Peer): Promise<number>;
  stop(): Promise<void>;
}

/** Needs about ten times the size of the dump in TMPDIR. */
export async function startScene(rows: number): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-bench-'));
  const settings = { shared_buffers: '256MB', max_wal_size: "'1GB'", checkpoint_timeout: "'1h'" };
  const clusters: Cluster[] = [];
  const stop = async (): Promise<void> => {
    for (const cluster of clusters) await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const source = await startCluster({ settings });
    clusters.push(source);
    const target = await startCluster({ settings });
    clusters.push(target);
    await psql(source, 'postgres')('CREATE DATABASE pristine');
    await createData(psql(source, 'pristine'), rows);
    return openScene({ directory, source, target, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts {
  readonly directory: string;
  readonly source: Cluster;
  readonly target: Cluster;
  stop(): Promise<void>;
}

function openScene({ directory, source, target, stop }: Parts): Scene {
  const environment = environmentOf(source);
  const tools = new Map<Peer, Installed>();
  for (const [id, describe] of Object.entries(descriptions)) {
    const place = {
      home: join(directory, id, 'home'),
      repository: join(directory, id, 'repository'),
      source: source.address,
      target: target.address,
    };
    const peer = describe(place);
    tools.set(peer, { peer, place, environment });
  }
  /** With an empty database before a restore, and a look at it afterwards. */
  const run = async <Result>(step: Step, work: () => Promise<Result>): Promise<Result> => {
    const restores = step === 'restore' || step === 'restoreTable';
    if (restores) await createEmpty(target);
    await execa('sync', ['--file-system', directory]);
    const result = await work();
    if (restores) await compareRows(source, target);
    return result;
  };
  return {
    peers: [...tools.keys()],
    sql: psql(source, database),
    measureDump: async () => Number((await runScript(`pg_dump -Fc -Z0 ${database} | wc -c`, environment)).stdout),
    timeRawDump: () => time(() => runScript(rawDump, environment)),
    async beginAnew() {
      await psql(source, 'postgres')(
        `DROP DATABASE IF EXISTS ${database}`,
        `CREATE DATABASE ${database} TEMPLATE pristine STRATEGY file_copy`,
        'CHECKPOINT',
      );
      for (const tool of tools.values()) await install(tool);
    },
    time: (peer, step) => run(step, () => timeStep(tools.get(peer)!, step)),
    watch: (peer, step) => run(step, () => watchStep(tools.get(peer)!, step)),
    storedBytes: (peer) => bytesBelow(tools.get(peer)!.place.repository),
    stop,
  };
}
