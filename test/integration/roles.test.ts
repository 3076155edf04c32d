import { expect, test } from 'vitest';
import { createRoleStatements } from '../../src/apply/roles.ts';
import { captureRoles } from '../../src/capture/roles.ts';
import { openSnapshot } from '../../src/tools/postgres/snapshot.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

/** The options of 16 and later that `creator` gets by himself: to administer what he creates, and nothing more. */
const memberships = `
  CREATE ROLE app;
  CREATE ROLE reader NOINHERIT LOGIN;
  CREATE ROLE creator CREATEROLE;
  GRANT app TO reader;
  GRANT app TO creator WITH ADMIN OPTION;
  SET ROLE creator;
  CREATE ROLE made;
  RESET ROLE;
  GRANT pg_read_all_data TO made`;

const optionsOf16 = `
  CREATE ROLE impersonator;
  CREATE ROLE heir;
  GRANT app TO impersonator WITH INHERIT FALSE, SET TRUE;
  GRANT app TO heir WITH INHERIT TRUE, SET FALSE;
  SET ROLE creator;
  GRANT app TO heir WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
  RESET ROLE`;

test('memberships come back on another server with the options that this version has', async () => {
  const [source, target] = [await createLonelyDatabase(), await createLonelyDatabase()];
  await source.query(memberships);
  const [{ major }] = (await source.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  )) as [{ major: number }];
  if (major >= 16) await source.query(optionsOf16);

  const snapshot = await openSnapshot(source.config, new AbortController().signal);
  const roles = await captureRoles(snapshot);
  await snapshot.close();
  const missing = roles.filter(({ name }) => name !== 'postgres');
  for (const statement of createRoleStatements(missing, roles)) await target.query(statement);

  const expected = await listMemberships(source);
  expect(expected).toHaveLength(major >= 16 ? 6 : 3);
  expect(await listMemberships(target)).toEqual(expected);
});

async function createLonelyDatabase(): Promise<TestDatabase> {
  const { address } = await startTestCluster();
  return createTestDatabase({ cluster: address });
}

/** Each with every option that the server knows; what several grantors have given is one. */
async function listMemberships(database: TestDatabase): Promise<object[]> {
  return database.query(`
    WITH options AS (
      SELECT roleid::regrole::text AS role, member::regrole::text AS member, key, bool_or(value::boolean) AS value
        FROM pg_auth_members m, jsonb_each_text(to_jsonb(m) - '{oid,roleid,member,grantor}'::text[])
       GROUP BY 1, 2, 3
    )
    SELECT role, member, jsonb_object_agg(key, value) AS options
      FROM options WHERE member !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2`);
}
