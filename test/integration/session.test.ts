import { expect, test } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { connect } from '../../src/tools/postgres/session.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

test('no time limit of the server or the role holds in a session', async () => {
  const { address } = await startTestCluster({ settings: { statement_timeout: '1min', lock_timeout: '1min' } });
  const database = await createTestDatabase({ cluster: address });
  await database.query(`
    CREATE ROLE hasty LOGIN PASSWORD 'hasty';
    ALTER ROLE hasty SET idle_in_transaction_session_timeout = '1min';
    DO $$ BEGIN
      IF current_setting('server_version_num')::int >= 170000 THEN ALTER ROLE hasty SET transaction_timeout = '1min'; END IF;
    END $$`);
  const session = await connect(
    { ...database.config, user: 'hasty', password: new Secret('hasty') },
    new AbortController().signal,
  );
  const limits = await session.query<{ setting: string }>(
    "SELECT setting FROM pg_settings WHERE name ~ '^(statement|lock|idle_in_transaction_session|transaction)_timeout$'",
  );
  await session.close();
  expect(new Set(limits.map(({ setting }) => setting))).toEqual(new Set(['0']));
});
