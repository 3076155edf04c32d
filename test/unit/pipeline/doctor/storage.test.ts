import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../../src/domain/storage/storage-error.ts';
import { examineStorage, judgeBuckets } from '../../../../src/pipeline/doctor/storage.ts';
import type { DoctorTools } from '../../../../src/pipeline/doctor/tools.ts';

const url = 'https://a.example.com';

/** Tools of a project whose API and database answer with these buckets, or fail. */
function toolsWith(answers: {
  readonly listed: readonly string[] | Error;
  readonly ofDatabase?: readonly string[];
  readonly patterns?: readonly string[];
  /** Where there is no database: what a list of objects fails with. */
  readonly withoutDatabase?: { readonly failure: Error | undefined };
}): DoctorTools {
  const { listed, ofDatabase, patterns = [], withoutDatabase } = answers;
  const session = {
    query: async (sql: string) => (sql.includes('to_regclass') ? [{ exists: true }] : ofDatabase?.map((id) => ({ id }))),
    close: async () => {},
  };
  return {
    config: { storage: { buckets: patterns, exclude: [] }, database: withoutDatabase === undefined ? {} : undefined },
    storage: {
      store: {
        url,
        listBuckets: async () => {
          if (listed instanceof Error) throw listed;
          return listed.map((id) => ({ id, row: '{}' }));
        },
        listPage: async () => {
          if (withoutDatabase?.failure !== undefined) throw withoutDatabase.failure;
          return { objects: [], next: undefined };
        },
      },
    },
    databases: {
      connect: async () => {
        if (ofDatabase === undefined) throw new Error('not there');
        return session;
      },
    },
  } as unknown as DoctorTools;
}

describe('the buckets', () => {
  test.each([
    [['a', 'b'], ['b', 'a'], 'ok', `${url} answers, and lists 2 buckets, as the database does`],
    [['a'], undefined, 'ok', `${url} answers, and lists 1 bucket`],
    [[], [], 'ok', `${url} answers, and lists 0 buckets, as the database does`],
    [[], ['a'], 'failed', `${url} answers, and lists 0 buckets, but the database has 1 bucket: a is only in the database`],
    [
      ['v', 'w', 'x', 'y'],
      ['v'],
      'failed',
      `${url} answers, and lists 4 buckets, but the database has 1 bucket: w is not in the database, x is not in the database, y is not in the database`,
    ],
    [
      ['1', '2', '3', '4'],
      ['5'],
      'failed',
      `${url} answers, and lists 4 buckets, but the database has 1 bucket: 5 is only in the database, 1 is not in the database, 2 is not in the database and 2 more differ`,
    ],
  ])('%j, and those of the database %j: %s', (listed, ofDatabase, state, detail) => {
    expect(judgeBuckets(url, listed, ofDatabase)).toMatchObject({ check: 'storage', state, detail });
  });
});

test('nothing is asked where Storage is not configured', async () => {
  expect(await examineStorage({ storage: undefined } as DoctorTools)).toEqual([]);
});

test('all is well', async () => {
  expect(await examineStorage(toolsWith({ listed: ['a'], ofDatabase: ['a'] }))).toEqual([
    { check: 'storage', state: 'ok', detail: `${url} answers, and lists 1 bucket, as the database does`, remedy: undefined },
  ]);
});

test('a database that cannot be asked is the matter of another check', async () => {
  expect(await examineStorage(toolsWith({ listed: ['a'] }))).toMatchObject([{ state: 'ok' }]);
});

test('a pattern that means no bucket is warned of', async () => {
  const found = await examineStorage(toolsWith({ listed: ['a'], ofDatabase: ['a'], patterns: ['a', 'avatar'] }));
  expect(found).toMatchObject([{ state: 'ok' }, { state: 'warning', detail: 'no bucket is meant by avatar' }]);
});

test.each([
  ['refused', 'SUPABASE_SERVICE_ROLE_KEY'],
  ['missing', 'SUPABASE_URL'],
  ['invalid', 'SUPABASE_URL'],
  ['transient', 'the network'],
] as const)('an API that fails (%s) has a remedy', async (failure, remedy) => {
  const listed = new StorageError(failure, 'it said no');
  expect(await examineStorage(toolsWith({ listed, ofDatabase: [] }))).toEqual([
    { check: 'storage', state: 'failed', detail: `${url}: it said no`, remedy: expect.stringContaining(remedy) as string },
  ]);
});

test('without a database the lists have to work: they are all that a backup has', async () => {
  expect(await examineStorage(toolsWith({ listed: ['a'], withoutDatabase: { failure: undefined } }))).toMatchObject([
    { state: 'ok', detail: `${url} answers, and lists 1 bucket` },
  ]);
  const failure = new StorageError('transient', 'it knows no lists');
  expect(await examineStorage(toolsWith({ listed: ['a'], withoutDatabase: { failure } }))).toMatchObject([
    { state: 'failed', detail: `${url}: it knows no lists` },
  ]);
});
