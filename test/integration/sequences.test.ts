import { beforeAll, expect, test } from 'vitest';
import { setSequenceValue } from '../../src/apply/sequence-values.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { define } from '../helpers/dump-entries.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  return () => database.drop();
});

test.each<[string, string, [there: string, comes: string, next: string]]>([
  ['up, and is further', 'INCREMENT 10', ['90, true', '50, true', '100']],
  ['up, and is behind', 'INCREMENT 10', ['50, true', '90, true', '100']],
  ['up, and the backup was never asked', '', ['7, true', '1, false', '8']],
  ['up, and was never asked itself', '', ['1, false', '7, true', '8']],
  ['up, and nobody ever was', '', ['1, false', '1, false', '1']],
  ['down, and is further', 'INCREMENT -1', ['-90, true', '-50, true', '-91']],
  ['down, and is behind', 'INCREMENT -1', ['-50, true', '-90, true', '-91']],
])('a sequence that goes %s, goes on from there', async (_, options, [there, comes, next]) => {
  const name = `public."it's (a) \\ seq"`;
  const literal = name.replaceAll("'", "''");
  await database.query(
    `DROP SEQUENCE IF EXISTS ${name}; CREATE SEQUENCE ${name} ${options}; SELECT setval('${literal}', ${there})`,
  );
  // As pg_dump writes it.
  const entry = define('SEQUENCE SET', 'public.s', { definition: `SELECT pg_catalog.setval('${literal}', ${comes});\n` });
  await database.query(
    setSequenceValue({ entry, action: 'keep' }, { relations: new Map(), neverBack: true }).entry.definition!,
  );
  expect(await database.query(`SELECT nextval('${literal}')::text AS next`)).toEqual([{ next }]);
});
