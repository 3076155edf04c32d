import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { copiedColumns } from '../../src/domain/copied-columns.ts';
import { formatDumpHead, parseDumpHead, type DumpEntry } from '../../src/domain/dump-head.ts';
import { catalogGroups, catalogRoles, catalogSchemas, oddTable } from '../helpers/catalog-objects.ts';
import { whenTestEnds } from '../helpers/cleanup.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

/** As pg_restore's PrintTOCSummary writes it: newlines as spaces, a hyphen for no schema. */
function listLine({ dumpId, catalogOid, oid, description, schema, tag, owner }: DumpEntry): string {
  const clean = (text: string | null): string => (text ?? '').replaceAll(/[\r\n]/g, ' ');
  return `${dumpId}; ${catalogOid} ${oid} ${description} ${clean(schema) || '-'} ${clean(tag)} ${clean(owner)}`;
}

test('the head of a real dump of everything that PostgreSQL knows', async () => {
  const cluster = await startTestCluster();
  const database = await createTestDatabase({ cluster: cluster.address });
  // A database with a subscription cannot be dropped.
  whenTestEnds(async () => void (await database.query('DROP SUBSCRIPTION IF EXISTS never')));
  await database.query(catalogRoles);
  await database.query(catalogSchemas);
  for (const group of catalogGroups) await database.query(group);
  const { socketDirectory, port, binDirectory } = cluster.address;
  const options = ['--format=custom', '--compress=0', `--host=${socketDirectory}`, `--port=${port}`, '--username=postgres'];
  const { stdout } = await execa(join(binDirectory, 'pg_dump'), [...options, database.name], { encoding: 'buffer' });
  const dump = Buffer.from(stdout);

  const { head, length } = parseDumpHead(dump);
  expect(formatDumpHead(head).equals(dump.subarray(0, length))).toBe(true);

  const listing = await execa(join(binDirectory, 'pg_restore'), ['--list', '--create'], { input: dump, encoding: 'utf8' });
  const listed = listing.stdout.split('\n').filter((line) => /^\d+; /.test(line));
  expect(listed.length).toBeGreaterThan(150);
  const unlisted = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH']);
  expect(head.entries.filter(({ description }) => !unlisted.has(description!)).map(listLine)).toEqual(listed);

  const columns = await database.query<{ columns: string[] }>(
    `
    SELECT array_agg(attname::text ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0`,
    [oddTable],
  );
  const oddRows = head.entries.filter(
    ({ description, tag }) => description === 'TABLE DATA' && tag === "it's a ; table\nof two lines",
  );
  expect(oddRows.map(copiedColumns)).toEqual([columns[0]!.columns]);
  expect(oddRows[0]).toMatchObject({ schema: 'Odd schema, "quoted" 🐘', hasData: true, section: 3 });
});
