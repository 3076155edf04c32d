import { expect, test } from 'vitest';
import { restoreColumns } from '../../src/apply/storage/target-rows.ts';
import { createTestDatabase } from '../helpers/database.ts';

const columns = 'owner_id, user_metadata, created_at::text, updated_at::text';

test('rows get what the backup tells of them, null as well, and keep what it does not tell', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  await database.query(`
    INSERT INTO storage.buckets (id, name, owner_id) VALUES ('kept', 'kept', 'me');
    INSERT INTO storage.objects (id, bucket_id, name, owner_id, user_metadata, created_at)
    VALUES (gen_random_uuid(), 'kept', 'listed', 'me', '{"a": 1}', '2020-01-01'), (gen_random_uuid(), 'kept', 'whole', 'me', '{"a": 1}', '2020-01-01')`);
  const times = { created_at: '2024-02-03T04:05:06.789Z', updated_at: '2024-02-03T04:05:07.123Z' };
  const rows = [
    { bucket_id: 'kept', name: 'listed', ...times },
    { bucket_id: 'kept', name: 'whole', ...times, owner_id: null, user_metadata: null },
  ];
  await restoreColumns(
    database,
    'objects',
    rows.map((row) => JSON.stringify(row)),
  );
  await restoreColumns(database, 'buckets', [JSON.stringify({ id: 'kept', created_at: times.created_at })]);
  const found = await database.query(`SELECT name, ${columns} FROM storage.objects WHERE bucket_id = 'kept' ORDER BY name`);
  const written = { created_at: '2024-02-03 04:05:06.789+00', updated_at: '2024-02-03 04:05:07.123+00' };
  expect(found).toEqual([
    { name: 'listed', owner_id: 'me', user_metadata: { a: 1 }, ...written },
    { name: 'whole', owner_id: null, user_metadata: null, ...written },
  ]);
  expect(await database.query("SELECT owner_id, created_at::text FROM storage.buckets WHERE id = 'kept'")).toEqual([
    { owner_id: 'me', created_at: '2024-02-03 04:05:06.789+00' },
  ]);
});
