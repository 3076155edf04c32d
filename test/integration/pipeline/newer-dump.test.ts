import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backup } from '../../../src/pipeline/backup.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { showBackup } from '../../../src/pipeline/show.ts';
import { verify } from '../../../src/pipeline/verify.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';

/** A dump begins with PGDMP and three bytes of its format's version. */
async function raiseFormatVersion(directory: string): Promise<void> {
  const file = await open(join(directory, 'database/full.dump'), 'r+');
  await file.write(Buffer.from([1, 99]), 0, 2, 'PGDMP'.length);
  await file.close();
}

test('a dump of a newer pg_dump asks for newer programs, and is not called damaged', async () => {
  const repository = await createTestRepository();
  const context = await createTestContext({ database: await createTestDatabase(), repository });
  await initialize(context);
  const { archives } = await backup(context);
  const archive = archives[0]!.name;
  const { tools } = (await showBackup(context, 'latest')).manifest;
  const newer = 'shop-20260101T000000Z-database';
  await craftArchive(repository, {
    from: archive,
    as: newer,
    manifest: { tools: { ...tools, pgDump: '99.1' } },
    change: raiseFormatVersion,
  });
  await expect(verify(context, { backups: { selector: newer }, data: false })).rejects.toMatchObject({
    code: 'tool_missing',
    message: expect.stringMatching(/^PostgreSQL 99 needs pg_dump 99 or newer; found /) as string,
  });
  const damaged = 'shop-20260102T000000Z-database';
  await craftArchive(repository, { from: archive, as: damaged, change: raiseFormatVersion });
  await expect(verify(context, { backups: { selector: damaged }, data: false })).rejects.toMatchObject({
    code: 'verification_failed',
  });
});
