/**
 * `npm run test:faults [-- [--quick] [--seed N] [GROUP...]]`: everything in test/faults with all of its rounds, and a table of what was tried
 * and how it ended, for docs/reliability.md. The groups are the files of test/faults.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { FaultRecord } from '../test/helpers/faults.ts';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, seed: { type: 'string' } },
  allowPositionals: true,
});
const seed = values.seed ?? String(Math.floor(Math.random() * 1e6));
if (!/^\d+$/.test(seed)) throw new Error(`The seed is a whole number, not ${seed}.`);
const root = join(import.meta.dirname, '..');
const groups = (await readdir(join(root, 'test/faults'))).map((file) => file.replace('.test.ts', ''));
const unknown = positionals.find((name) => !groups.includes(name));
if (unknown !== undefined) throw new Error(`There is no group ${unknown}: ${groups.join(', ')}.`);

const directory = await mkdtemp(join(tmpdir(), 'test-faults-'));
try {
  const report = join(directory, 'report');
  await writeFile(report, '');
  process.stdout.write(`Faults: ${values.quick ? 'the quick part' : 'all rounds'}, seed ${seed}\n`);
  const chosen = (positionals.length === 0 ? groups : positionals).map((group) => `test/faults/${group}.test.ts`);
  // One file at a time: what is killed or filled up should not wait for another test's.
  const args = ['run', '--project', 'faults', '--no-file-parallelism', ...chosen];
  const env = { FAULT_SEED: seed, FAULT_ROUNDS: values.quick ? 'quick' : 'whole', FAULT_REPORT: report };
  const { exitCode } = await execa(join(root, 'node_modules/.bin/vitest'), args, {
    cwd: root,
    env,
    stdio: 'inherit',
    reject: false,
  });
  const lines = (await readFile(report, 'utf8')).split('\n').filter((line) => line !== '');
  process.stdout.write(renderTable(lines.map((line) => JSON.parse(line) as FaultRecord)));
  process.stdout.write(`\nseed ${seed}, ${exitCode === 0 ? 'no failure' : 'with failures, see above'}\n`);
  process.exitCode = exitCode ?? 1;
} finally {
  await rm(directory, { recursive: true });
}

function renderTable(records: readonly FaultRecord[]): string {
  const rows = records
    .toSorted((a, b) => a.group.localeCompare(b.group))
    .map(({ group, fault, rounds, ends }) => {
      const told = Object.entries(ends).map(([end, count]) => `${end} ${count}`);
      return `| ${group} | ${fault} | ${rounds} | ${told.join(', ')} |`;
    });
  return ['', '| group | tried | times | ended |', '| --- | --- | ---: | --- |', ...rows, ''].join('\n');
}
