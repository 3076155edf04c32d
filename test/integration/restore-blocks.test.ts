import { beforeAll, describe, expect, test } from 'vitest';
import { aclFunctions } from '../../src/apply/script/acl-functions.ts';
import { checkForeignKeys } from '../../src/apply/script/foreign-keys.ts';
import { restoreLargeObjects } from '../../src/apply/script/large-objects.ts';
import { reconcilePrivileges } from '../../src/apply/script/privileges.ts';
import { restoreOwners } from '../../src/apply/script/owners.ts';
import { quoteIdentifier, quoteLiteral } from '../../src/domain/sql.ts';
import { startCluster, type Cluster } from '../helpers/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

/** All that could end a quote, or be taken for a place of format(). */
const odd = `it's 100% $large$ $agent$ \\ "odd"`;
const role = quoteIdentifier(odd);

let cluster: Cluster;
let database: TestDatabase;

beforeAll(async () => {
  cluster = await startCluster();
  database = await createTestDatabase({ cluster: cluster.address });
  await database.query(`CREATE ROLE ${role}; CREATE SCHEMA ${role}`);
  return async () => {
    await database.drop();
    await cluster.stop();
  };
});

test('large objects get an owner and rights, whatever both are called', async () => {
  await database.query('SELECT lo_create(700001), lo_create(700002)');
  const grants = [odd, null].map((grantee) => ({ grantor: odd, grantee, privilege: 'SELECT', grantable: false }));
  for (const statement of [...aclFunctions, ...restoreLargeObjects([{ owner: odd, grants, oids: '700001 700002' }])]) {
    await database.query(statement);
  }
  expect(
    await database.query(`
      SELECT l.lomowner::regrole::text AS owner, array_agg(a.grantee::regrole::text ORDER BY a.grantee) AS grantees
        FROM pg_largeobject_metadata l, aclexplode(l.lomacl) a GROUP BY l.oid, l.lomowner`),
  ).toEqual(Array.from({ length: 2 }, () => ({ owner: role, grantees: ['-', role] })));
});

test('objects get an owner, and those that are not there are passed over', async () => {
  const identity = `${role}.${role}`;
  await database.query(`CREATE TABLE ${identity} (id serial PRIMARY KEY)`);
  const owners = [
    { type: 'schema', identity: role, owner: odd, schema: odd },
    { type: 'table', identity: 'public.gone', owner: odd, schema: 'public' },
    { type: 'table', identity, owner: odd, schema: odd },
  ];
  for (const statement of restoreOwners(owners, { superuser: true, last: true })) await database.query(statement);
  expect(
    await database.query(`
      SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class
       WHERE relnamespace = ${quoteLiteral(role)}::regnamespace AND relkind IN ('r', 'S') ORDER BY relkind DESC`),
  ).toEqual([
    { name: odd, owner: role },
    { name: expect.stringContaining('_id_seq') as string, owner: role },
  ]);
  expect(await database.query('SELECT nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = $1', [odd])).toEqual([
    { owner: role },
  ]);
});

test('what nobody knows the owner of leaves the owner that there is its rights', async () => {
  await database.query(`
    DISCARD TEMP;
    CREATE TABLE public.unclear (); ALTER TABLE public.unclear OWNER TO ${role};
    GRANT SELECT ON public.unclear TO pg_monitor; GRANT INSERT ON public.unclear TO pg_read_all_data`);
  const grants = [{ grantor: odd, grantee: 'pg_monitor', privilege: 'SELECT', grantable: false }];
  const wanted = { type: 'table', identity: 'public.unclear', owner: undefined, grants };
  for (const statement of reconcilePrivileges([wanted], [])) await database.query(statement);
  const [row] = await database.query<{ mine: boolean; theirs: boolean; others: boolean }>(`
    SELECT bool_and(has_table_privilege(${quoteLiteral(odd)}, 'public.unclear', privilege)) AS mine,
           has_table_privilege('pg_monitor', 'public.unclear', 'SELECT') AS theirs,
           has_table_privilege('pg_read_all_data', 'public.unclear', 'INSERT') AS others
      FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege`);
  expect(row).toEqual({ mine: true, theirs: true, others: false });
});

describe('foreign keys of rows that were loaded', () => {
  const [parent, child] = ['the "parent"', "a child's"].map(quoteIdentifier);
  const tables = [{ schema: 'public', name: "a child's" }];

  beforeAll(async () => {
    await database.query(`
      CREATE TABLE ${parent} (a integer, "b %s" integer, PRIMARY KEY (a, "b %s"));
      CREATE TABLE ${child} (x integer, y integer, CONSTRAINT "the key" FOREIGN KEY (x, y) REFERENCES ${parent});
      INSERT INTO ${parent} VALUES (1, 2)`);
  });

  async function check(rows: string): Promise<string | undefined> {
    await database.query(
      `SET session_replication_role = replica; TRUNCATE ${child}; INSERT INTO ${child} VALUES ${rows}; RESET session_replication_role`,
    );
    const [statement] = checkForeignKeys(tables, true);
    return database.query(statement!).then(
      () => undefined,
      (error: Error) => error.message,
    );
  }

  test('hold where all rows have what they refer to, or refer to nothing', async () => {
    expect(await check('(1, 2), (NULL, 9), (NULL, NULL)')).toBeUndefined();
  });

  test('end the restore where one has not', async () => {
    expect(await check('(1, 2), (2, 1)')).toBe(
      `rows of public.${child} refer to rows of public.${parent} that are not there (the key)`,
    );
  });
});
