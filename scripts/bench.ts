/**
 * `npm run bench [database|storage]`: what backups and restores cost, as ratios within one run, since machines are noisy. Prints tables;
 * docs/benchmarks.md keeps the last ones.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { listPrograms } from '../test/helpers/cluster.ts';
import { measureDatabase } from './bench/measure-database.ts';
import { measureStorage } from './bench/measure-storage.ts';

const measures = new Map([
  ['database', measureDatabase],
  ['storage', measureStorage],
]);
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !measures.has(name));
if (unknown !== undefined) throw new Error(`There is no bench ${unknown}: ${[...measures.keys()].join(', ')}.`);
for (const [name, measure] of measures) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const rows = await measure();
  const heading = `${name}: ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${await describePrograms()}`;
  process.stdout.write(`\n${heading}\n\n| figure | measured | aim |\n| --- | --- | --- |\n${rows.join('\n')}\n`);
}

async function describePrograms(): Promise<string> {
  const borg = await execa('borg', ['--version']);
  const dump = await execa(join((await listPrograms()).at(-1)!.binDirectory, 'pg_dump'), ['--version']);
  return `${borg.stdout}, ${dump.stdout}, Node ${process.version}`;
}
