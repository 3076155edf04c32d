import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAll, timeBareDownloads, timeBareUploads, type BareTransfers, type BenchObject } from './bare-transfers.ts';
import { median, row } from './figures.ts';
import { startStorageBench, targetName, type BenchServer, type StorageBench } from './storage-bench.ts';

const rounds = 3;
/** STORAGE_CONCURRENCY, unless set. */
const concurrency = 16;
const many = 100_000;
const manyBytes = 1000;
/** Of a server in the same region. */
const delayMs = 20;
const largeBytes = 5 * 1024 ** 3;

/** 5,000 objects of 1 to 200 kB and 10 of 50 MB. */
const mixed: readonly BenchObject[] = [
  ...Array.from({ length: 10 }, (_, index) => ({ name: `large/${index}`, bytes: 50_000_000 })),
  ...Array.from({ length: 5000 }, (_, index) => ({ name: `small/${index}`, bytes: 1000 + ((index * 7919) % 199_000) })),
];

interface BackupDocument {
  readonly status: string;
  readonly storage: { readonly downloadedObjects: number; readonly objects: number };
}

/**
 * What backups and restores of Storage cost, against bare requests to the same server on the same machine: the rows of the table. Needs
 * about 15 GB in TMPDIR and some ten minutes.
 */
export async function measureStorage(): Promise<string[]> {
  const bench = await startStorageBench();
  try {
    const memory = { peakBytes: 0 };
    const measured = measureMemory(bench, memory);
    const transfers = await measureTransfers(measured);
    const unchanged = await measureMany(measured);
    const large = await measureLarge(measured);
    return [
      ...transfers,
      ...unchanged,
      ...large,
      row('peak memory of the agent in all of these', `${toMegabytes(memory.peakBytes)} MB`, 'at most 200 MB'),
    ];
  } finally {
    await bench.stop();
  }
}

/** The same, keeping the most that any run needed. */
function measureMemory(bench: StorageBench, memory: { peakBytes: number }): StorageBench {
  return {
    ...bench,
    async run(...args) {
      const run = await bench.run(...args);
      memory.peakBytes = Math.max(memory.peakBytes, run.peakMemoryBytes);
      return run;
    },
  };
}

async function measureTransfers(bench: StorageBench): Promise<string[]> {
  const { source, target } = bench;
  const bytes = mixed.reduce((sum, object) => sum + object.bytes, 0);
  const samples: Record<'down' | 'mirror' | 'up' | 'upBesideBorg' | 'restore', number[]> = {
    down: [],
    mirror: [],
    up: [],
    upBesideBorg: [],
    restore: [],
  };
  await createBucket(source, 'mixed');
  await backUp(bench);
  const fixed = await restore(bench);
  process.stderr.write(`storage: sending ${mixed.length} objects\n`);
  await timeBareUploads(transfersOf(source, 'mixed'));
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`storage: transfers, round ${round} of ${rounds}\n`);
    samples.down.push(await timeBareDownloads(transfersOf(source, 'mixed')));
    samples.mirror.push(await timeFirstMirror(bench));
    samples.down.push(await timeBareDownloads(transfersOf(source, 'mixed')));
  }
  await source.order({ ask: 'delay', ms: delayMs });
  const far = { down: await timeBareDownloads(transfersOf(source, 'mixed')), mirror: await timeFirstMirror(bench) };
  await source.order({ ask: 'delay', ms: 0 });
  const send = async (): Promise<number> => {
    await removeAll(transfersOf(target, 'mixed'));
    return timeBareUploads(transfersOf(target, 'mixed'));
  };
  const bring = async (): Promise<number> => {
    await removeAll(transfersOf(target, 'mixed'));
    return (await restore(bench)) - fixed;
  };
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`storage: restores, round ${round} of ${rounds}\n`);
    samples.up.push(await send());
    samples.restore.push(await bring());
    samples.upBesideBorg.push(await timeTogether(send, () => bench.exportLatest()));
    samples.up.push(await send());
  }
  await target.order({ ask: 'delay', ms: delayMs });
  const farUp = { up: await send(), restore: await bring() };
  await target.order({ ask: 'delay', ms: 0 });
  await removeAll(transfersOf(source, 'mixed'));
  await removeAll(transfersOf(target, 'mixed'));
  return [
    row('bare downloads, 16 connections', `${format(samples.down)} s, ${mixed.length} objects, ${toMegabytes(bytes)} MB`, ''),
    row('first mirror', `${ratio(samples.mirror, samples.down)} × bare downloads`, 'at most 1.3'),
    row(
      `first mirror, from a server that is ${delayMs} ms away`,
      `${ratio([far.mirror], [far.down])} × bare downloads (${far.down.toFixed(2)} s)`,
      'at most 1.3',
    ),
    row('bare uploads, 16 connections', `${format(samples.up)} s`, ''),
    row('restore, without its fixed part', `${ratio(samples.restore, samples.up)} × bare uploads`, 'ADR 11'),
    row(
      'the same, against bare uploads while Borg reads the archive',
      `${ratio(samples.restore, samples.upBesideBorg)} × (${format(samples.upBesideBorg)} s)`,
      'at most 1.3',
    ),
    row(
      `restore, to a server that is ${delayMs} ms away`,
      `${ratio([farUp.restore], [farUp.up])} × bare uploads (${farUp.up.toFixed(2)} s)`,
      'at most 1.3',
    ),
    row('fixed part of a restore (an empty bucket)', `${fixed.toFixed(2)} s`, ''),
  ];
}

/** Seconds until both are done. */
async function timeTogether(...works: readonly (() => Promise<unknown>)[]): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(works.map((work) => work()));
  return (performance.now() - startedMs) / 1000;
}

async function measureMany(bench: StorageBench): Promise<string[]> {
  const { source } = bench;
  process.stderr.write(`storage: ${many} objects\n`);
  await source.order({ ask: 'seed', bucket: 'many', count: many, bytes: manyBytes });
  const first = await backUp(bench);
  const beside: number[] = [];
  const borg: number[] = [];
  await source.order({ ask: 'requests' });
  for (let round = 1; round <= rounds; round += 1) {
    const run = await backUp(bench);
    beside.push(run.seconds - run.borgSeconds);
    borg.push(run.borgSeconds);
  }
  const idle = await source.order({ ask: 'requests' });
  await source.order({ ask: 'replace', bucket: 'many', count: many, bytes: manyBytes });
  await source.order({ ask: 'requests' });
  const changed = await backUp(bench);
  const fetched = await source.order({ ask: 'requests' });
  return [
    row(`first backup of ${many.toLocaleString('en-US')} objects`, `${first.seconds.toFixed(0)} s`, ''),
    row('backup of them with nothing changed, beside Borg', `${format(beside)} s (Borg: ${format(borg)} s)`, 'at most 3 s'),
    row('requests to the Storage API then', String(idle), '0'),
    row('1 % changed: objects downloaded', String(downloaded(changed)), String(many / 100)),
    row('1 % changed: requests to the Storage API', String(fetched), ''),
  ];
}

async function measureLarge(bench: StorageBench): Promise<string[]> {
  process.stderr.write('storage: one object of 5 GiB\n');
  await bench.source.order({ ask: 'seed', bucket: 'large', count: 1, bytes: largeBytes });
  const backup = await backUp(bench);
  const brought = await bench.run('restore', 'latest', ...toTarget, '--bucket', 'large');
  return [
    row('memory of a backup with one object of 5 GiB', `${toMegabytes(backup.peakMemoryBytes)} MB`, 'at most 200 MB'),
    row('memory of its restore', `${toMegabytes(brought.peakMemoryBytes)} MB`, 'at most 200 MB'),
  ];
}

const toTarget = ['--only', 'storage', '--to', 'test', '--confirm', targetName];

async function backUp(bench: StorageBench): ReturnType<StorageBench['run']> {
  const run = await bench.run('backup', '--only', 'storage');
  const { status } = run.document as BackupDocument;
  if (status !== 'complete') throw new Error(`A backup was ${status}.`);
  return run;
}

/** Seconds of the stage in which objects are downloaded, with an empty mirror. */
async function timeFirstMirror(bench: StorageBench): Promise<number> {
  await rm(join(bench.directory, 'state', 'bench', 'mirror'), { recursive: true });
  const { stages } = await backUp(bench);
  return stages['download']!;
}

async function restore(bench: StorageBench): Promise<number> {
  return (await bench.run('restore', 'latest', ...toTarget)).seconds;
}

function downloaded({ document }: { readonly document: unknown }): number {
  return (document as BackupDocument).storage.downloadedObjects;
}

function transfersOf(server: BenchServer, bucket: string): BareTransfers {
  return { server, bucket, objects: mixed, concurrency };
}

async function createBucket(server: BenchServer, id: string): Promise<void> {
  await server.sql(`INSERT INTO storage.buckets (id, name, public) VALUES ('${id}', '${id}', false)`);
}

function ratio(figures: readonly number[], unit: readonly number[]): string {
  return (median(figures) / median(unit)).toFixed(2);
}

function format(seconds: readonly number[]): string {
  return median(seconds).toFixed(2);
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
