import { formatMegabytes, median, row, table } from '../figures.ts';
import { changeRows } from './data.ts';
import type { Peer, Step } from './peer.ts';
import { startScene, type Scene } from './scene.ts';
import type { Needs, Timing } from './steps.ts';

export interface PeersOptions {
  /** Of orders: see createData. */
  readonly rows: number;
  readonly rounds: number;
}

/** Of rows that change between the two backups. */
const rate = 0.002;

interface Samples {
  readonly first: Timing[];
  readonly second: Timing[];
  /** Seconds of a backup, as multiples of raw `pg_dump` in the same round. */
  readonly firstRatio: number[];
  readonly secondRatio: number[];
  readonly restore: Timing[];
  readonly restoreTable: Timing[];
  readonly verify: Timing[];
  readonly list: Timing[];
  readonly storedFirst: number[];
  readonly storedSecond: number[];
}

/**
 * The agent beside what else people use, on the same data. One round in which memory and disk are looked at, then those in which time is; the tools take turns
 * in each step, and another one begins in each round. Answers Markdown.
 */
export async function measurePeers({ rows, rounds }: PeersOptions): Promise<string> {
  process.stderr.write(`peers: making ${rows} rows\n`);
  const scene = await startScene(rows);
  try {
    await scene.beginAnew();
    const dumpBytes = await scene.measureDump();
    const needs = await watchNeeds(scene);
    const samples = new Map<Peer, Samples>(scene.peers.map((peer) => [peer, noSamples()]));
    const raw: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`peers: round ${round} of ${rounds}\n`);
      raw.push(...(await timeRound(scene, samples, round)));
    }
    const data = `${formatMegabytes(dumpBytes)} of uncompressed dump, ${rounds} rounds; raw \`pg_dump -Fc -Z0 >/dev/null\`: ${spread(raw, 's')}`;
    return [data, backupTable(samples), restoreTable(samples), roomTable(scene, samples, needs)].join('\n\n');
  } finally {
    await scene.stop();
  }
}

async function watchNeeds(scene: Scene): Promise<Map<Peer, { backup: Needs; restore: Needs }>> {
  const needs = new Map<Peer, { backup: Needs; restore: Needs }>();
  for (const peer of scene.peers) {
    process.stderr.write(`peers: memory and disk of ${peer.name}\n`);
    const first = await scene.watch(peer, 'backup');
    const second = await scene.watch(peer, 'backup');
    needs.set(peer, { backup: larger(first, second), restore: await scene.watch(peer, 'restore') });
  }
  return needs;
}

/** What the worse of two steps needed, and what remained after the later one. */
function larger(earlier: Needs, later: Needs): Needs {
  return {
    seconds: Math.max(earlier.seconds, later.seconds),
    memoryBytes: Math.max(earlier.memoryBytes, later.memoryBytes),
    diskBytes: Math.max(earlier.diskBytes, later.diskBytes),
    remainingBytes: later.remainingBytes,
  };
}

/** Answers the times of raw `pg_dump`. */
async function timeRound(scene: Scene, samples: ReadonlyMap<Peer, Samples>, round: number): Promise<number[]> {
  const shift = round % scene.peers.length;
  const turns = [...scene.peers.slice(shift), ...scene.peers.slice(0, shift)];
  const timeBackups = async (count: 'first' | 'second'): Promise<number[]> => {
    const before = await scene.timeRawDump();
    for (const peer of turns) {
      samples.get(peer)![count].push(await scene.time(peer, 'backup'));
      samples.get(peer)![count === 'first' ? 'storedFirst' : 'storedSecond'].push(await scene.storedBytes(peer));
    }
    const raw = [before, await scene.timeRawDump()];
    for (const peer of turns) {
      const sample = samples.get(peer)!;
      sample[`${count}Ratio`].push(sample[count].at(-1)!.seconds / ((raw[0]! + raw[1]!) / 2));
    }
    return raw;
  };
  await scene.beginAnew();
  const raw = await timeBackups('first');
  await changeRows(scene.sql, { number: round, rate });
  raw.push(...(await timeBackups('second')));
  for (const step of ['restore', 'restoreTable', 'verify', 'list'] as const satisfies readonly Step[])
    for (const peer of turns) samples.get(peer)![step].push(await scene.time(peer, step));
  return raw;
}

function backupTable(samples: ReadonlyMap<Peer, Samples>): string {
  const rows = [...samples].map(([{ name }, { first, firstRatio, second, secondRatio }]) =>
    row(name, seconds(first), spread(firstRatio), cpu(first), seconds(second), spread(secondRatio), cpu(second)),
  );
  return table(['tool', 'first backup', '× raw', 'CPU', `second, ${rate * 100} % changed`, '× raw', 'CPU'], rows);
}

function restoreTable(samples: ReadonlyMap<Peer, Samples>): string {
  const rows = [...samples].map(([{ name }, { restore, restoreTable: one, verify, list }]) =>
    row(name, seconds(restore), cpu(restore), seconds(one), cpu(one), seconds(verify), cpu(verify), seconds(list)),
  );
  return table(['tool', 'restore of everything', 'CPU', 'of one table', 'CPU', 'verify every byte', 'CPU', 'list'], rows);
}

function roomTable(
  { peers }: Scene,
  samples: ReadonlyMap<Peer, Samples>,
  needs: ReadonlyMap<Peer, { backup: Needs; restore: Needs }>,
): string {
  const rows = peers.map((peer) => {
    const { storedFirst, storedSecond } = samples.get(peer)!;
    const { backup, restore } = needs.get(peer)!;
    const growth = median(storedSecond) - median(storedFirst);
    return row(
      peer.name,
      formatMegabytes(median(storedFirst)),
      `${formatMegabytes(median(storedSecond))} (+${formatMegabytes(growth)})`,
      formatMegabytes(backup.diskBytes),
      formatMegabytes(backup.remainingBytes),
      formatMegabytes(restore.diskBytes),
      formatMegabytes(backup.memoryBytes),
      formatMegabytes(restore.memoryBytes),
    );
  });
  const heads = [
    'tool',
    'stored after 1',
    'after 2',
    'extra disk, backup',
    'of it remains',
    'extra disk, restore',
    'memory, backup',
    'memory, restore',
  ];
  return table(heads, rows);
}

function noSamples(): Samples {
  const lists = { first: [], second: [], firstRatio: [], secondRatio: [], restore: [], restoreTable: [], verify: [], list: [] };
  return { ...lists, storedFirst: [], storedSecond: [] };
}

function seconds(timings: readonly Timing[]): string {
  return spread(
    timings.map((timing) => timing.seconds),
    's',
  );
}

function cpu(timings: readonly Timing[]): string {
  return `${median(timings.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1)} s`;
}

/** The median, and the least and the most. */
function spread(figures: readonly number[], unit = ''): string {
  const format = (figure: number): string => figure.toFixed(unit === '' ? 2 : 1);
  return `${format(median(figures))}${unit === '' ? '' : ` ${unit}`} (${format(Math.min(...figures))} to ${format(Math.max(...figures))})`;
}
