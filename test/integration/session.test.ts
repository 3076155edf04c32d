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

test('of a script each statement is answered, however many rows it gives, and the line of a mistake', async () => {
  const { config } = await createTestDatabase();
  const session = await connect(config, new AbortController().signal);
  try {
    expect(await session.runScript('SELECT 1; CREATE TEMP TABLE t (x boolean); SELECT x, 1 FROM t;')).toEqual([
      { columns: 1, rows: 1, untrue: 1 },
      { columns: 0, rows: 0, untrue: 0 },
      { columns: 2, rows: 0, untrue: 0 },
    ]);
    expect(await session.runScript("SELECT * FROM (VALUES (true), (false), (NULL), (true)) v; SELECT 't'")).toEqual([
      { columns: 1, rows: 4, untrue: 2 },
      { columns: 1, rows: 1, untrue: 1 },
    ]);
    expect(await session.runScript('')).toEqual([{ columns: 0, rows: 0, untrue: 0 }]);
    await expect(session.runScript('SELECT 1;\nSELECT 2;\nSELECT missing;')).rejects.toThrow(/line 3: column "missing"/);

    const before = process.memoryUsage().heapUsed;
    const many = 'SELECT repeat(x::text, 100) FROM generate_series(1, 600000) x';
    expect(await session.runScript(many)).toEqual([{ columns: 1, rows: 600_000, untrue: 600_000 }]);
    // Kept they are more than 300 MB; what is read and let go lies there for a while, too.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 ** 2);
  } finally {
    await session.close();
  }
});
