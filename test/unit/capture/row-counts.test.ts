import { expect, test } from 'vitest';
import { countRows } from '../../../src/capture/row-counts.ts';

const table = (name: string) => ({ schema: 'public', name, kind: 'table' as const, oid: name.length, bytes: 0 });

/** Answers as a server would; a hash of the table `bad` fails, and all after it but a ROLLBACK. */
function createSnapshot() {
  let aborted = false;
  const query = <Row extends object>(sql: string): Promise<Row[]> => {
    if (sql.startsWith('ROLLBACK TO')) aborted = false;
    else if (aborted) throw new Error('current transaction is aborted');
    if (sql.includes('md5') && sql.includes('"bad"')) {
      aborted = true;
      throw new Error('invalid memory alloc request size');
    }
    const rows = sql.includes('pg_attribute') ? [{ name: 'id' }] : [{ rows: '7', high: '1', low: '2' }];
    return Promise.resolve(rows as Row[]);
  };
  return { id: '', query, close: () => Promise.resolve() };
}

test('a table whose content cannot be hashed is counted all the same, and so are those after it', async () => {
  const tables = ['good', 'bad', 'last'].map(table);
  const relations = { tables, uncountable: new Set<number>(), unreadable: [], foreignTables: 0 };
  const counted = await countRows(createSnapshot(), relations, { contents: true, searchPath: '' });
  const hash = '00000000000000010000000000000002';
  expect(counted.tables).toEqual([
    { ...tables[0], rows: 7, contentHash: hash, contentColumns: ['id'] },
    { ...tables[1], rows: 7 },
    { ...tables[2], rows: 7, contentHash: hash, contentColumns: ['id'] },
  ]);
  expect(counted.warnings).toEqual(['the content of public.bad could not be hashed (invalid memory alloc request size)']);
});

test('contents are hashed only when that is asked for', async () => {
  const relations = { tables: [table('bad')], uncountable: new Set<number>(), unreadable: [], foreignTables: 0 };
  expect(await countRows(createSnapshot(), relations, { contents: false, searchPath: '' })).toEqual({
    tables: [{ ...table('bad'), rows: 7 }],
    warnings: [],
  });
});
