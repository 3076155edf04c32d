/**
 * `npm run bench [-- NAME...] [options]`: what backups and restores cost, as ratios within one run, since machines are noisy. Prints tables;
 * docs/benchmarks.md keeps the last ones.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { listPrograms } from '../test/helpers/cluster.ts';
import { table } from './bench/figures.ts';
import { measureDatabase } from './bench/measure-database.ts';
import { measureStorage } from './bench/measure-storage.ts';
import { measureScale } from './bench/measure-scale.ts';
import { measureGrowth } from './bench/peers/growth.ts';
import { measurePeers } from './bench/peers/measure.ts';
import { findPrograms } from './bench/peers/programs.ts';

const help = `Usage: npm run bench -- [options] [name...]

  database   backups and restores of a database of 900 MB, against pg_dump and pg_restore
  storage    backups and restores of objects, against bare requests
  peers      the agent beside pg_dump with Borg, borgmatic, restic, and SQL as in Supabase's guide
  growth     what these store after three weeks of daily backups; not without being named
  scale      the agent with ever larger databases, and ever more objects; not without being named

Without a name: database, storage, peers. For peers and growth: apt-get install borgmatic restic.

Options:
  --rows N       peers (default: 240000) and growth (default: 120000): the orders that the database has; 1000 make 0.84 MB of dump
  --rounds N     peers: how often each step is timed (default: 3)
  --days N       growth: daily backups (default: 22)
  --chart FILE   growth: where an SVG of it goes
  --gigabytes N,...   scale: sizes of databases (default: 0.1,1,4)
  --objects N,...     scale: numbers of objects in Storage (default: 1000,10000,100000)

What they write goes to TMPDIR: on a tmpfs they tell of the programs, elsewhere also of the disk.
`;

const { values, positionals } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    days: { type: 'string' },
    chart: { type: 'string' },
    gigabytes: { type: 'string', default: '0.1,1,4' },
    objects: { type: 'string', default: '1000,10000,100000' },
  },
  allowPositionals: true,
});
const headings = ['figure', 'measured', 'aim'];
const needPeers = new Set(['peers', 'growth']);
const usual = ['database', 'storage', 'peers'];
const measures = new Map<string, () => Promise<string>>([
  ['database', async () => table(headings, await measureDatabase())],
  ['storage', async () => table(headings, await measureStorage())],
  ['peers', () => measurePeers({ rows: readCount('rows', 240_000), rounds: readCount('rounds', 3) })],
  ['growth', () => measureGrowth({ rows: readCount('rows', 120_000), days: readCount('days', 22), chart: values.chart })],
  ['scale', () => measureScale({ gigabytes: readSizes('gigabytes'), objects: readSizes('objects') })],
]);
if (values.help) process.stdout.write(help);
else await measureAll(positionals.length > 0 ? positionals : usual);

async function measureAll(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !measures.has(name));
  if (unknown !== undefined) throw new Error(`There is no bench ${unknown}: ${[...measures.keys()].join(', ')}.`);
  const versions = [...(await describePrograms()), ...(names.some((name) => needPeers.has(name)) ? await findPrograms() : [])];
  for (const name of names) {
    const measured = await measures.get(name)!();
    const heading = `${name}: ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${versions.join(', ')}`;
    process.stdout.write(`\n${heading}\n\n${measured}\n`);
  }
}

function readCount(name: 'rows' | 'rounds' | 'days', usually: number): number {
  const count = Number(values[name] ?? usually);
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`--${name} takes a whole number of at least 1, not ${values[name]}.`);
  return count;
}

/** Nothing where the option is empty. */
function readSizes(name: 'gigabytes' | 'objects'): number[] {
  const sizes = values[name]
    .split(',')
    .filter((size) => size !== '')
    .map(Number);
  if (sizes.some((size) => !(size > 0))) throw new Error(`--${name} takes numbers with commas between, not ${values[name]}.`);
  return sizes;
}

async function describePrograms(): Promise<string[]> {
  const borg = await execa('borg', ['--version']);
  const dump = await execa(join((await listPrograms()).at(-1)!.binDirectory, 'pg_dump'), ['--version']);
  return [borg.stdout, dump.stdout, `Node ${process.version}`];
}
