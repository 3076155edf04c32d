import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../helpers/agent.ts';
import { createTestRepository, type TestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { filesBelow, type ExtractDocument } from '../helpers/extracting.ts';
import { createTestProject } from '../helpers/project.ts';
import { describeDatabase, describeObject, type ReleasedBackups, type ReleasedObject } from '../helpers/released.ts';

// What each released version has written stays readable: test/fixtures/releases has a repository of each (scripts/release-fixture.ts).

const releases = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));
const versions = readdirSync(releases).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));

test('there is a repository of this version, or of one before', () => {
  expect(versions).toContain('0.1.0');
});

test.each(versions)('backups of %s are listed, verified, restored and extracted', async (version) => {
  const document = JSON.parse(await readFile(join(releases, `${version}.json`), 'utf8')) as ReleasedBackups;
  const repository = await unpack(version, document);
  const target = await createTestDatabase();
  const { database, objects, storageAlone } = document;

  const shop = await createTestProject({
    database: await createTestDatabase(),
    repository,
    target,
    variables: { PROJECT_NAME: database.project },
  });
  const agent = (...args: readonly string[]): Promise<AgentResult> => runAgent([...args, '--env-file', shop.envFile, '--json']);
  expect((await agent('list')).json()).toMatchObject({
    backups: [{ backupId: database.backupId, status: 'complete', archives: [{ kind: 'database' }, { kind: 'storage' }] }],
    unfinished: [],
  });
  expect((await agent('show', 'latest')).json()).toMatchObject({
    backupId: database.backupId,
    manifest: { agentVersion: version },
    storage: { manifest: { totals: { objects: objects.length } } },
  });
  expect(await agent('verify', '--all', '--data')).toMatchObject({ exitCode: 0, stderr: '' });

  const restored = await agent('restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--no-safety-backup');
  // The target has no Storage; but for its objects, which are extracted below, all comes back.
  expect(restored.json()).toMatchObject({
    status: 'incomplete',
    plan: { losses: [], forbidden: [{ what: `${objects.length} objects of Storage` }] },
    comparison: { differences: [] },
  });
  expect(await describeDatabase((sql) => target.query(sql))).toEqual(database.contents);
  expect(await extractAll(agent, shop.directory)).toEqual(sort(objects));

  const files = await createTestProject({
    database: target,
    repository,
    variables: {
      PROJECT_NAME: storageAlone.project,
      SUPABASE_DB_URL: '',
      SUPABASE_URL: 'http://127.0.0.1:1',
      SUPABASE_SECRET_KEY: 'sb_secret_of_no_use_here',
    },
  });
  const agentOfFiles = (...args: readonly string[]): Promise<AgentResult> =>
    runAgent([...args, '--env-file', files.envFile, '--json']);
  expect((await agentOfFiles('list')).json()).toMatchObject({
    backups: [{ backupId: storageAlone.backupId, status: 'complete', archives: [{ kind: 'storage' }] }],
  });
  expect(await agentOfFiles('verify', '--data')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await extractAll(agentOfFiles, files.directory)).toEqual(sort(storageAlone.objects));
});

async function unpack(version: string, { passphrase }: ReleasedBackups): Promise<TestRepository> {
  const repository = await createTestRepository();
  await execa('tar', ['--extract', '--file', join(releases, `${version}.tar.gz`), '--directory', repository.directory]);
  return { ...repository, passphrase };
}

/** What comes out of the newest backup, by what the files really hold. */
async function extractAll(agent: (...args: string[]) => Promise<AgentResult>, directory: string): Promise<ReleasedObject[]> {
  const to = join(directory, 'objects');
  const { status, damaged, renamed } = (await agent('extract', 'latest', '--to-dir', to)).json<ExtractDocument>();
  expect({ status, damaged: damaged.count }).toEqual({ status: 'complete', damaged: 0 });
  const renamedPaths = new Map(renamed.names.map(({ bucket, name, path }) => [path, { bucket, name }]));
  const found: ReleasedObject[] = [];
  for (const entry of await filesBelow(to)) {
    const [bucket = '', ...rest] = entry.split('/');
    const object = renamedPaths.get(entry) ?? { bucket, name: rest.join('/') };
    found.push(describeObject(object.bucket, object.name, await readFile(join(to, entry))));
  }
  return sort(found);
}

function sort(objects: readonly ReleasedObject[]): ReleasedObject[] {
  return objects.toSorted((a, b) => (`${a.bucket}/${a.name}` < `${b.bucket}/${b.name}` ? -1 : 1));
}
