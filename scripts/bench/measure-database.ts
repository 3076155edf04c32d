import { startBench, type Bench } from './database-bench.ts';
import type { RestoreFigures } from './database-restore.ts';
import { median, row } from './figures.ts';

const rounds = 3;

/** What backups and restores of a database of about 900 MB cost: the rows of the table. Needs about 10 GB in TMPDIR and some minutes. */
export async function measureDatabase(): Promise<string[]> {
  const bench = await startBench();
  try {
    return await measure(bench);
  } finally {
    await bench.stop();
  }
}

async function measure(bench: Bench): Promise<string[]> {
  const samples = {
    raw: [] as number[],
    first: [] as number[],
    second: [] as number[],
    file: [] as number[],
    fixed: [] as number[],
  };
  const restores = { whole: [] as RestoreFigures[], jobs: [] as RestoreFigures[], empty: [] as RestoreFigures[] };
  const growth = { agent: [] as number[], standard: [] as number[] };
  let peakMemory = 0;
  let stagedBytes = 0;
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    await bench.restoreData();
    const repository = await bench.createRepository();
    const reference = await bench.createReference();
    samples.raw.push(await bench.timeRawDump('big'));
    const first = await bench.timeBackup(repository, 'big');
    await bench.archiveWithDefaultChunker(reference);
    await bench.updateRandomRows();
    const second = await bench.timeBackup(repository, 'big');
    samples.raw.push(await bench.timeRawDump('big'));
    samples.first.push(first.seconds);
    samples.second.push(second.seconds);
    growth.agent.push(second.deduplicatedBytes);
    growth.standard.push(await bench.archiveWithDefaultChunker(reference));
    // After the growth was measured: it changes rows once more.
    samples.file.push(await bench.timeDumpToFileThenBorg(repository));
    peakMemory = Math.max(peakMemory, first.peakMemoryBytes, second.peakMemoryBytes);
    stagedBytes = Math.max(stagedBytes, first.stagedBytes, second.stagedBytes);
    await bench.timeBackup(repository, 'empty');
    samples.fixed.push((await bench.timeBackup(repository, 'empty')).seconds);
  }
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`restores, round ${round} of ${rounds}\n`);
    restores.empty.push(await bench.timeRestore(bench.repository(), 'empty'));
    restores.whole.push(await bench.timeRestore(bench.repository(), 'big'));
    restores.jobs.push(await bench.timeRestore(bench.repository(), 'big', 2));
  }
  const listing = await bench.timeListings(rounds);
  const raw = median(samples.raw);
  const fixed = median(samples.fixed);
  const ratio = (seconds: number[]): string => ((median(seconds) - fixed) / raw).toFixed(2);
  const inAll = (seconds: number[]): string => `${(median(seconds) / raw).toFixed(2)} × raw (${median(seconds).toFixed(1)} s)`;
  return [
    row('raw `pg_dump -Fc -Z0 >/dev/null`, the unit of the ratios', `${raw.toFixed(2)} s, ${bench.dumpMegabytes} MB`, ''),
    row('fixed part of a backup (empty database)', `${fixed.toFixed(2)} s`, 'at most 2.5 s'),
    row('first backup, without the fixed part', `${ratio(samples.first)} × raw`, 'at most 1.8'),
    row('second backup (0.2 % of the rows changed), without the fixed part', `${ratio(samples.second)} × raw`, 'at most 1.15'),
    row('first backup, in all', inAll(samples.first), ''),
    row('second backup, in all', inAll(samples.second), ''),
    row('dump to a file, then borg, second time (0.2 % changed as well), in all', inAll(samples.file), 'for comparison'),
    row(
      'growth after an UPDATE of 0.2 % / growth with the default chunker',
      (median(growth.agent) / median(growth.standard)).toFixed(2),
      'at most 0.2',
    ),
    row('that growth', `${toMegabytes(median(growth.agent))} MB against ${toMegabytes(median(growth.standard))} MB`, ''),
    row('peak memory of the agent', `${toMegabytes(peakMemory)} MB`, 'at most 150 MB'),
    row('bytes of the dump on disk', String(stagedBytes), '0'),
    row(...restoreRow('restore in one transaction', restores.whole, restores.empty)),
    row(...restoreRow('restore with two jobs', restores.jobs, restores.empty)),
    row('fixed part of a restore (empty database)', `${medianOf(restores.empty, 'agentSeconds').toFixed(2)} s`, ''),
    row('`agent list` more than `borg list`', `${Math.round(listing)} ms`, 'at most 300 ms'),
  ];
}

/** Against pg_restore of the same kind from a local file, each without what it takes for an empty database. */
function restoreRow(
  what: string,
  figures: readonly RestoreFigures[],
  empty: readonly RestoreFigures[],
): [string, string, string] {
  const plain = medianOf(figures, 'plainSeconds') - medianOf(empty, 'plainSeconds');
  const agent = medianOf(figures, 'agentSeconds') - medianOf(empty, 'agentSeconds');
  return [what, `${(agent / plain).toFixed(2)} × pg_restore (${plain.toFixed(1)} s)`, 'at most 1.15'];
}

function medianOf(figures: readonly RestoreFigures[], key: keyof RestoreFigures): number {
  return median(figures.map((figure) => figure[key]));
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
