import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.ts';
import { Secret } from '../../src/config/project-config.ts';
import type { Session } from '../../src/context.ts';
import * as schemas from '../../src/domain/catalog.ts';
import { diffCatalogs, formatDifference } from '../../src/domain/catalog-difference.ts';
import { connect } from '../../src/tools/postgres/session.ts';
import { openSnapshot } from '../../src/tools/postgres/snapshot.ts';
import { catalogChanges } from '../helpers/catalog-changes.ts';
import { catalogDefaults, catalogGroups, catalogRoles, catalogSchemas } from '../helpers/catalog-objects.ts';
import { startCluster, type Cluster } from '../helpers/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

let cluster: Cluster;
let database: TestDatabase;
let session: Session;

beforeAll(async () => {
  cluster = await startCluster();
  database = await createTestDatabase({ cluster: cluster.address });
  await database.query(catalogRoles);
  await fill(database, catalogGroups);
  session = await openSession();
});

afterAll(async () => {
  await session.close();
  await database.query('DROP SUBSCRIPTION IF EXISTS never; DROP SUBSCRIPTION IF EXISTS ever');
  await database.drop();
  await cluster.stop();
});

async function fill(target: TestDatabase, groups: readonly string[]): Promise<void> {
  await target.query(catalogSchemas);
  for (const group of groups) await target.query(group);
  await target.query(catalogDefaults);
}

/** With the empty search_path that the catalog is read with. */
async function openSession(user: Partial<TestDatabase['config']> = {}): Promise<Session> {
  const opened = await connect({ ...database.config, ...user }, new AbortController().signal);
  await opened.query("SELECT set_config('search_path', '', false)");
  return opened;
}

async function readInSnapshot(source: TestDatabase) {
  const snapshot = await openSnapshot(source.config, new AbortController().signal);
  try {
    const records = await readCatalog(snapshot);
    // An error would have ended the transaction, and the snapshot with it.
    await snapshot.query('SELECT 1');
    return records;
  } finally {
    await snapshot.close();
  }
}

describe('a catalog', () => {
  test('is the same where the same was made in another order, in a database of another name', async () => {
    const other = await createTestDatabase({ cluster: cluster.address, name: 'the "other" one' });
    // Other object ids, too.
    await other.query('SELECT lo_unlink(lo_create(0)) FROM generate_series(1, 100)');
    await fill(other, catalogGroups.toReversed());
    const [records, others] = [await readInSnapshot(database), await readInSnapshot(other)];
    await other.query('DROP SUBSCRIPTION never');
    expect(formatDifference(diffCatalogs(records, others))).toBe('');
    expect(others).toEqual(records);
  });

  test('has unique names, sorted in the order of code units, and every class of the fixture', async () => {
    const keys = (await readCatalog(session)).map(({ class: kind, name }) => `${kind}\0${name}`);
    expect(keys).toEqual([...new Set(keys)].toSorted());
    expect([...new Set(keys.map((key) => key.split('\0')[0]))]).toMatchInlineSnapshot(`
      [
        "access method",
        "aggregate",
        "cast",
        "collation",
        "column",
        "comment",
        "composite type",
        "conversion",
        "cron job",
        "default privileges",
        "domain",
        "domain constraint",
        "event trigger",
        "extension",
        "extension dependency",
        "foreign server",
        "foreign table",
        "foreign-data wrapper",
        "function",
        "index",
        "language",
        "large objects",
        "materialized view",
        "membership",
        "operator",
        "operator class",
        "operator family",
        "owner",
        "policy",
        "privileges",
        "procedure",
        "publication",
        "role",
        "row security",
        "rule",
        "schema",
        "security label",
        "sequence",
        "sequence value",
        "setting",
        "statistics object",
        "subscription",
        "table",
        "table constraint",
        "text search configuration",
        "text search dictionary",
        "text search parser",
        "text search template",
        "transform",
        "trigger",
        "type",
        "user mapping",
        "vault secret",
        "view",
        "webhook",
      ]
    `);
  });

  test('calls objects what PostgreSQL calls them', async () => {
    const names = new Set((await readCatalog(session)).map((record) => `${record.class}: ${record.name}`));
    const columns = await session.query<{ name: string }>(`
      SELECT 'column: ' || i.identity AS name
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid, LATERAL pg_identify_object('pg_class'::regclass, attrelid, attnum) i
       WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
         AND attnum > 0 AND NOT attisdropped`);
    expect(columns.length).toBeGreaterThan(40);
    expect(columns.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  test('follows the schemas of its records, and gives names of schemas as they are', async () => {
    const records = await readCatalog(session);
    const schemaOf = new Map(Object.entries(recordSchemas));
    for (const record of records) schemaOf.get(record.class)?.strict().parse(record.value);
    const known = new Set(
      (await session.query<{ nspname: string }>('SELECT nspname FROM pg_namespace')).map((row) => row.nspname),
    );
    expect(records.filter(({ schema }) => schema !== null && !known.has(schema))).toEqual([]);
    expect(new Set(records.map(({ schema }) => schema)).size).toBe(7);
  });

  test('holds no secret', async () => {
    expect(JSON.stringify(await readCatalog(session)).match(/secret-of-\w+/g)).toBeNull();
  });

  test('says of a webhook what it calls, without the keys among its arguments', async () => {
    const records = await readCatalog(session);
    expect(records.filter(({ name }) => name === '"call home" on app.hooked').map(({ value }) => value)).toMatchInlineSnapshot(`
      [
        {
          "arguments": [
            "c80c0e63b3463ac1e81d9e69ba368cca",
            "a02439ec229d8be0e74b0c1602392310",
            "bac4cbffdec5241b256b4527a7bcdcb3",
            "99914b932bd37a50b983c5e7c90ae93b",
            "a9b7ba70783b617e9998dc4dd82eb3c5",
          ],
          "definition": "CREATE TRIGGER "call home" AFTER INSERT OR DELETE ON app.hooked FOR EACH ROW",
          "enabled": "origin",
          "events": [
            "insert",
            "delete",
          ],
          "function": "supabase_functions.http_request",
          "method": "POST",
          "url": "https://example.com/hook",
        },
        {
          "enabled": "origin",
          "events": [
            "insert",
            "delete",
          ],
          "table": "app.hooked",
        },
      ]
    `);
  });

  test('has no members of extensions, but their privileges', async () => {
    const records = await readCatalog(session);
    const ofPgcrypto = records.filter(({ name }) => /\bapp\.(hmac|digest)\(/.test(name));
    expect(new Set(ofPgcrypto.map((record) => record.class))).toEqual(new Set(['privileges']));
    expect(new Set(ofPgcrypto.map(({ value }) => (value as { extension: string }).extension))).toEqual(new Set(['pgcrypto']));
  });

  test('can be read by a role that may do nothing', async () => {
    await database.query("CREATE ROLE nobody LOGIN PASSWORD 'nobody'; ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY");
    const nobody = await openSession({ user: 'nobody', password: new Secret('nobody') });
    await nobody.query('BEGIN; SET LOCAL row_security = off');
    const [less, all] = [await readCatalog(nobody), await readCatalog(session)];
    const differences = diffCatalogs(all, less);
    await nobody.query('COMMIT');
    await database.query('GRANT USAGE ON SCHEMA cron TO nobody; GRANT SELECT ON cron.job TO nobody; ');
    // Row security would hide the rows, and raise an error in a snapshot.
    expect((await readCatalog(nobody)).filter((record) => record.class === 'cron job')).toEqual([]);
    await nobody.close();
    await database.query('ALTER TABLE cron.job DISABLE ROW LEVEL SECURITY; DROP OWNED BY nobody; DROP ROLE nobody');
    const unreadable = ['cron job', 'sequence value', 'user mapping', 'vault secret'];
    expect([...new Set(differences.map((difference) => difference.class))].toSorted()).toEqual(unreadable);
  });
});

const recordSchemas = {
  comment: schemas.commentSchema,
  'cron job': schemas.cronJobSchema,
  'default privileges': schemas.defaultPrivilegesSchema,
  'event trigger': schemas.eventTriggerSchema,
  extension: schemas.extensionRecordSchema,
  'large objects': schemas.largeObjectsSchema,
  membership: schemas.membershipRecordSchema,
  owner: schemas.ownerSchema,
  privileges: schemas.privilegesSchema,
  publication: schemas.publicationSchema,
  role: schemas.roleRecordSchema,
  setting: schemas.settingSchema,
};

describe('a change', () => {
  test.each(catalogChanges)('is found: %s', async (sql, expected) => {
    const before = await readCatalog(session);
    await database.query(sql);
    // From 18 on, NOT NULL has a name, which stays when its table's or column's changes.
    const differences = diffCatalogs(before, await readCatalog(session)).filter(({ name }) => !/_not_null on /.test(name));
    expect(differences.map((difference) => `${difference.kind} ${difference.class} ${difference.name}`)).toEqual(expected);
  });

  test('of every class is among them', async () => {
    const changed = new Set(
      catalogChanges.flatMap(([, expected]) => expected.map((line) => line.split(' ').slice(1).join(' '))),
    );
    const classes = new Set((await readCatalog(session)).map((record) => record.class));
    const untouched = [...classes].filter((kind) => ![...changed].some((line) => line.startsWith(`${kind} `)));
    expect(untouched).toEqual([]);
  });
});
