import { expect, test } from 'vitest';
import { quoteIdentifier } from '../../src/domain/sql.ts';
import { rewriteDumpHead, stageSchema } from '../../src/domain/rewrite-dump.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { define } from '../helpers/dump-entries.ts';

test('rows of a table with other columns come in, whatever it and its columns are called', async () => {
  const database = await createTestDatabase();
  const table = { schema: `it's "odd"`, name: 'a $insert$ %s $agent$ \\ table' };
  const columns = ['gone', '$insert$', `it's`, 'at"once', 'b, c', 'always'];
  await database.query(`
    CREATE SCHEMA ${quoteIdentifier(table.schema)};
    CREATE SCHEMA ${stageSchema};
    CREATE TABLE ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} (
      "always" bigint GENERATED ALWAYS AS IDENTITY, "new" text DEFAULT 'new', "b, c" numeric(6, 2)[], "at""once" date, "$insert$" varchar(3),
      "it's" jsonb)`);
  const list = columns.map((column) => (column === 'gone' ? column : quoteIdentifier(column))).join(', ');
  const rows = define('TABLE DATA', `${table.schema}.${table.name}`, { copyStatement: `COPY x (${list}) FROM stdin;\n` });

  const format = { minor: 14, integerSize: 4, offsetSize: 8 };
  const head = { preamble: Buffer.alloc(0), format, entries: [rows] };
  const [create, copy, move] = rewriteDumpHead(head, [{ entry: rows, action: 'stage' }], {
    preparation: '',
    finish: [],
    stagedColumns: () => ['always', 'new', 'b, c', 'at"once', '$insert$', `it's`],
  }).entries;
  await database.query(create!.definition!);
  const stage = /^COPY (.*) FROM stdin;\n$/.exec(copy!.copyStatement!)![1]!;
  await database.query(
    `INSERT INTO ${stage} VALUES ('x', 'ab', '{"a": 1}', '2026-01-02', '{1.50,NULL}', '7'), (NULL, NULL, NULL, NULL, NULL, '8')`,
  );
  await database.query(move!.definition!);

  expect(await database.query(`SELECT * FROM ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`)).toMatchObject([
    { always: '7', new: 'new', 'b, c': [1.5, null], $insert$: 'ab', "it's": { a: 1 } },
    { always: '8', new: 'new', 'b, c': null, $insert$: null, "it's": null },
  ]);
  expect(await database.query(`SELECT FROM pg_class WHERE relnamespace = '${stageSchema}'::regnamespace`)).toEqual([]);
});
