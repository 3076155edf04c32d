import { expect, test } from 'vitest';
import { hashContent } from '../../src/catalog/content.ts';
import { createTestDatabase } from '../helpers/database.ts';

const table = { schema: 'public', name: `odd "table"` };

async function createTable(rows: string) {
  const database = await createTestDatabase();
  await database.query(`
    CREATE TABLE public."odd ""table""" (gone text, id integer, "a ""b""" text, double integer GENERATED ALWAYS AS (id * 2) STORED);
    ALTER TABLE public."odd ""table""" DROP gone;
    INSERT INTO public."odd ""table""" ${rows}`);
  return database;
}

test('content is the same in any order of rows, and counts each of equal rows', async () => {
  const one = await createTable(`VALUES (1, 'a'), (2, NULL), (2, NULL), (3, '')`);
  const same = await createTable(`VALUES (2, NULL), (3, ''), (1, 'a'), (2, NULL)`);
  const less = await createTable(`VALUES (1, 'a'), (2, NULL), (3, '')`);
  const other = await createTable(`VALUES (1, 'a'), (2, ''), (2, NULL), (3, '')`);
  const hash = await hashContent(one, table);
  expect(hash).toMatchInlineSnapshot(`
    {
      "columns": [
        "id",
        "a "b"",
        "double",
      ],
      "hash": "e33d512e340a3de23281d9f8373b1056",
      "rows": 4,
    }
  `);
  expect(await hashContent(same, table)).toEqual(hash);
  expect((await hashContent(less, table)).rows).toBe(3);
  const hashes = await Promise.all([one, less, other].map(async (database) => (await hashContent(database, table)).hash));
  expect(new Set(hashes).size).toBe(3);
});

test('only the columns that are asked for count', async () => {
  const one = await createTable(`VALUES (1, 'a'), (2, 'b')`);
  const other = await createTable(`VALUES (1, 'c'), (2, 'd')`);
  const hash = await hashContent(one, table, ['double', 'id']);
  expect(hash.columns).toEqual(['double', 'id']);
  expect(await hashContent(other, table, ['double', 'id'])).toEqual(hash);
  expect((await hashContent(one, table, ['id', 'double'])).hash).not.toBe(hash.hash);
});

test('the rows of a child are not those of its parent, and an empty table has a hash', async () => {
  const database = await createTable(`SELECT WHERE false`);
  await database.query(
    `CREATE TABLE public.child () INHERITS (public."odd ""table"""); INSERT INTO public.child VALUES (1, 'a')`,
  );
  expect(await hashContent(database, table)).toMatchObject({ rows: 0, hash: '0'.repeat(32) });
  expect(await hashContent(database, { schema: 'public', name: 'child' })).toMatchObject({ rows: 1 });
});

test('a table without columns has rows, and that is all', async () => {
  const database = await createTestDatabase();
  await database.query('CREATE TABLE public.bare (); INSERT INTO public.bare SELECT FROM generate_series(1, 3)');
  const hash = await hashContent(database, { schema: 'public', name: 'bare' });
  expect(hash).toMatchObject({ rows: 3, columns: [] });
});
