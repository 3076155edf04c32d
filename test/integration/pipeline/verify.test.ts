import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import { backup } from '../../../src/pipeline/backup.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { showBackup } from '../../../src/pipeline/show.ts';
import { verify, type VerifyRequest } from '../../../src/pipeline/verify.ts';
import { createTestRepository, type TestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { craftArchive, type CraftRequest } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { supabaseRows } from '../../helpers/fixture.ts';

async function backUpSupabase(): Promise<{ context: RunContext; repository: TestRepository; archive: string }> {
  const database = await createTestDatabase({ template: 'supabase' });
  const repository = await createTestRepository();
  const context = await createTestContext({ database, repository });
  await initialize(context);
  const { archives } = await backup(context);
  const archive = archives[0]!.name;
  return { context, repository, archive };
}

async function failureOf(context: RunContext, request: VerifyRequest): Promise<AppError> {
  const error: unknown = await verify(context, request).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

test('a whole backup is good, down to its last row', async () => {
  const { context } = await backUpSupabase();
  const { manifest } = (await showBackup(context, 'latest')).database!;
  const report = await verify(context, { backups: 'newest', data: true });
  const tables = Object.entries(supabaseRows).filter(
    ([name]) => !['public.never_refreshed', 'public.sales_by_category'].includes(name),
  );
  expect(report.verified).toMatchObject([{ tables: tables.length, largeObjects: 5, parts: manifest.parts.length - 1 }]);
  expect(report.verified[0]!.rows).toBe(tables.reduce((sum, [, rows]) => sum + rows!, 0));
  expect(report.verified[0]!.dataBytes).toBeGreaterThan(1_000_000);
  expect(context.state.listRuns(1)).toMatchObject([{ command: 'verify', status: 'complete' }]);
});

/** What is done to a good archive, and what verify then says of it. */
type Change = Omit<CraftRequest, 'from' | 'as'> & { readonly expected: RegExp };

describe('an archive that is not whole is found', () => {
  test('among others, when a file of it is gone or is another one', async () => {
    const changes: Change[] = [
      { expected: /it has no manifest/, change: (directory) => rm(join(directory, 'manifest.json')) },
      { expected: /it lacks database\/full\.dump/, change: (directory) => rm(join(directory, 'database/full.dump')) },
      { expected: /database\/schema\.sql has another content/, change: replaceInSchema },
    ];
    const { context, repository, archive } = await backUpSupabase();
    await craftAll(repository, archive, changes);
    const error = await failureOf(context, { backups: 'all', data: false });
    expect(error).toMatchObject({ code: 'verification_failed', exitCode: 22 });
    expect(error.message).toMatch(/^3 of 4 backups are not good\. /);
    for (const { expected } of changes) expect(error.message).toMatch(expected);
    expect(error.message).not.toContain(archive);
    expect(context.state.listRuns(1)).toMatchObject([{ status: 'failed', errorCode: 'verification_failed' }]);
  });

  test('when its dump holds something else than its manifest says', async () => {
    const { context, repository, archive } = await backUpSupabase();
    const { manifest } = (await showBackup(context, 'latest')).database!;
    const tables = manifest.tables.map((table) => (table.name === 'products' ? { ...table, rows: 201 } : table));
    const cutOff = /its dump cannot be read: pg_restore: error: /;
    const changes: Change[] = [
      { expected: cutOff, change: (directory) => truncate(join(directory, 'database/full.dump'), 400_000) },
      { expected: /table "public"\."products": 201 expected, 200 found/, manifest: { tables } },
      // From 17 on the table of contents does not tell how many large objects there are; the data does.
      { expected: /2 of 7 large objects|large objects: 7 expected, 5 found/, manifest: { largeObjects: { count: 7 } } },
    ];
    const names = await craftAll(repository, archive, changes);
    for (const [index, { expected }] of changes.entries()) {
      const error = await failureOf(context, { backups: { selector: names[index]! }, data: true });
      expect(error).toMatchObject({ code: 'verification_failed' });
      expect(error.message).toMatch(expected);
    }
    // Without its data a dump is read only to the end of its table of contents.
    expect(await verify(context, { backups: { selector: names[0]! }, data: false })).toMatchObject({ status: 'complete' });
  });

  async function craftAll(repository: TestRepository, from: string, changes: readonly Change[]): Promise<string[]> {
    const names = changes.map((_, index) => `shop-2026010${index + 1}T000000Z-database`);
    for (const [index, change] of changes.entries()) await craftArchive(repository, { ...change, from, as: names[index]! });
    return names;
  }

  async function replaceInSchema(directory: string): Promise<void> {
    const path = join(directory, 'database/schema.sql');
    await writeFile(path, (await readFile(path, 'utf8')).replace('TABLE', 'tAbLe'));
  }
});

describe('damage to the repository is found', () => {
  test('a segment that is gone', async () => {
    const { context, repository, archive } = await backUpSupabase();
    await rm(await findLargestSegment(repository));
    const error = await failureOf(context, { backups: 'newest', data: false });
    expect(error).toMatchObject({ code: 'verification_failed', exitCode: 22 });
    expect(error.message).toContain(archive);
  });

  async function findLargestSegment(repository: TestRepository): Promise<string> {
    const directory = join(repository.location, 'data', '0');
    const segments = await Promise.all(
      (await readdir(directory)).map(async (name) => ({
        path: join(directory, name),
        size: (await stat(join(directory, name))).size,
      })),
    );
    return segments.toSorted((a, b) => b.size - a.size)[0]!.path;
  }
});

test('a repository without backups says so', async () => {
  const repository = await createTestRepository();
  const context = await createTestContext({ database: await createTestDatabase(), repository });
  await initialize(context);
  for (const backups of ['newest', 'all', { selector: 'latest' }] as const) {
    expect(await failureOf(context, { backups, data: false })).toMatchObject({ code: 'backup_not_found' });
  }
});
