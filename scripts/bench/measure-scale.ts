import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type Cluster } from '../../test/helpers/cluster.ts';
import { formatMegabytes, median, row, table } from './figures.ts';
import { describeAgent } from './peers/agent.ts';
import { createData } from './peers/data.ts';
import { database, rawDump } from './peers/peer.ts';
import { environmentOf, psql } from './peers/server.ts';
import { install, runScript, time, watchStep, type Installed, type Needs } from './peers/steps.ts';
import { startStorageBench, type StorageBench } from './storage-bench.ts';
import { bytesBelow } from './watch.ts';

export interface ScaleOptions {
  /** Sizes of databases, as uncompressed dumps. */
  readonly gigabytes: readonly number[];
  /** Numbers of objects in Storage, of 1 kB each. */
  readonly objects: readonly number[];
}

/** Of an order and what belongs to it, in an uncompressed dump. */
const bytesPerRow = 840;
const rounds = 3;
/** Larger ones are measured once. */
const repeatedGigabytes = 2;
const objectBytes = 1000;

/** How what a backup costs grows with the database, and with the number of objects in Storage. Answers Markdown. */
export async function measureScale({ gigabytes, objects }: ScaleOptions): Promise<string> {
  const databaseRows: string[] = [];
  for (const size of gigabytes) databaseRows.push(await measureSize(size));
  const storageRows: string[] = [];
  for (const count of objects) storageRows.push(await measureObjects(count));
  const databaseHeads = [
    'dump',
    'raw `pg_dump`',
    'first backup',
    '× raw',
    'second, nothing changed',
    '× raw',
    'stored by the first',
    'by the second',
    'memory',
  ];
  const storageHeads = [
    'objects',
    'first backup',
    'nothing changed',
    'of it Borg',
    '1 % changed',
    'requests then',
    'memory of the agent',
  ];
  return `${table(databaseHeads, databaseRows)}\n\n${table(storageHeads, storageRows)}`;
}

/** Needs about twice the size in TMPDIR. */
async function measureSize(gigabytes: number): Promise<string> {
  process.stderr.write(`scale: making ${gigabytes} GB\n`);
  const directory = await mkdtemp(join(tmpdir(), 'agent-bench-'));
  const cluster = await startCluster({
    settings: { shared_buffers: '256MB', max_wal_size: "'1GB'", checkpoint_timeout: "'1h'" },
  });
  try {
    await psql(cluster, 'postgres')(`CREATE DATABASE ${database}`);
    await createData(psql(cluster, database), Math.round((gigabytes * 1e9) / bytesPerRow));
    return await measureBackups(directory, cluster, gigabytes > repeatedGigabytes ? 1 : rounds);
  } finally {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureBackups(directory: string, cluster: Cluster, times: number): Promise<string> {
  const { address } = cluster;
  const place = { home: join(directory, 'home'), repository: join(directory, 'repository'), source: address, target: address };
  const agent: Installed = { peer: describeAgent(place), place, environment: environmentOf(cluster) };
  const sized = await runScript(rawDump.replace('> /dev/null', '| wc -c'), agent.environment);
  const raw: number[] = [];
  const first: Needs[] = [];
  const second: Needs[] = [];
  const stored: number[] = [];
  for (let round = 1; round <= times; round += 1) {
    process.stderr.write(`scale: round ${round} of ${times}\n`);
    await install(agent);
    raw.push(await time(() => runScript(rawDump, agent.environment)));
    first.push(await watchStep(agent, 'backup'));
    stored.push(await bytesBelow(place.repository));
    raw.push(await time(() => runScript(rawDump, agent.environment)));
    second.push(await watchStep(agent, 'backup'));
  }
  const grown = (await bytesBelow(place.repository)) - stored.at(-1)!;
  const unit = median(raw);
  return row(
    formatMegabytes(Number(sized.stdout)),
    `${unit.toFixed(1)} s`,
    ...secondsAndRatio(first, unit),
    ...secondsAndRatio(second, unit),
    formatMegabytes(stored.at(-1)!),
    formatMegabytes(grown),
    formatMegabytes(Math.max(...[...first, ...second].map(({ memoryBytes }) => memoryBytes))),
  );
}

function secondsAndRatio(needs: readonly Needs[], unit: number): [string, string] {
  const seconds = median(needs.map((need) => need.seconds));
  return [`${seconds.toFixed(1)} s`, (seconds / unit).toFixed(2)];
}

async function measureObjects(count: number): Promise<string> {
  process.stderr.write(`scale: ${count} objects\n`);
  const bench = await startStorageBench();
  try {
    await bench.source.order({ ask: 'seed', bucket: 'many', count, bytes: objectBytes });
    return await measureObjectBackups(bench, count);
  } finally {
    await bench.stop();
  }
}

async function measureObjectBackups({ source, run }: StorageBench, count: number): Promise<string> {
  const backUp = (): ReturnType<StorageBench['run']> => run('backup', '--only', 'storage');
  const first = await backUp();
  const unchanged = [];
  for (let round = 1; round <= rounds; round += 1) unchanged.push(await backUp());
  await source.order({ ask: 'replace', bucket: 'many', count, bytes: objectBytes });
  await source.order({ ask: 'requests' });
  const changed = await backUp();
  const requests = await source.order({ ask: 'requests' });
  return row(
    count.toLocaleString('en-US'),
    `${first.seconds.toFixed(1)} s`,
    `${median(unchanged.map(({ seconds }) => seconds)).toFixed(1)} s`,
    `${median(unchanged.map(({ borgSeconds }) => borgSeconds)).toFixed(1)} s`,
    `${changed.seconds.toFixed(1)} s`,
    String(requests),
    formatMegabytes(Math.max(...[first, ...unchanged, changed].map(({ peakMemoryBytes }) => peakMemoryBytes))),
  );
}
