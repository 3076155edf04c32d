import { expect, test } from 'vitest';
import { backup } from '../../src/pipeline/backup.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { createTestContext } from '../helpers/context.ts';
import { createTestRepository, type TestRepository } from '../helpers/borg.ts';

test('with a clock in the past the backup is made, and retention removes nothing', async () => {
  const repository = await createTestRepository();
  const context = await createTestContext({ database: await createTestDatabase(), repository });
  await context.repository.initialize();
  const at = (iso: string) => ({ ...context, clock: { ...context.clock, now: () => new Date(iso) } });
  for (const day of ['2026-01-01', '2026-01-02', '2026-01-03', '2026-03-01', '2026-03-02'])
    await backup(at(`${day}T02:00:00Z`));
  const report = await backup(at('2026-01-15T02:00:00Z'));
  expect(report).toMatchObject({ status: 'complete', removed: [] });
  expect(report.warnings).toEqual([expect.stringMatching(/old backups were kept: .*future/)]);
  const archives = (await repository.borg('list', '--short')).split('\n');
  expect(archives).toContain('shop-20260115T020000Z-database');
  expect(archives).toContain('shop-20260302T020000Z-database');
});

test('two runs in the same second: the second fails, and the first stays as it is', async () => {
  const repository = await createTestRepository();
  const context = await createTestContext({ database: await createTestDatabase(), repository });
  await context.repository.initialize();
  const sameSecond = { ...context, clock: { ...context.clock, now: () => new Date('2026-01-01T02:00:00Z') } };
  await backup(sameSecond);
  const before = await listFinished(repository);
  await expect(backup(sameSecond)).rejects.toMatchObject({
    code: 'repository_failed',
    message: expect.stringContaining('already exists') as string,
  });
  expect(await listFinished(repository)).toEqual(before);
});

/** Names with Borg's ids, which change when an archive is written anew. */
async function listFinished(repository: TestRepository): Promise<string[]> {
  const listing = await repository.borg('list', '--format', '{name} {id}{NL}');
  return listing.split('\n').filter((line) => !line.startsWith('.partial-'));
}
