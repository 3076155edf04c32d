/**
 * `npm run release-fixture`: has the agent of this checkout make backups, and keeps them in test/fixtures/releases with what must come out of
 * them, for test/e2e/released-backups.test.ts. Once for each release (CONTRIBUTING.md); what a version has left behind is never made anew.
 *
 * The repository itself is kept, not what Borg gets out of it: that is what a user of the version has, encryption, key and segments included.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { startCluster, type ClusterAddress } from '../test/helpers/cluster.ts';
import { emptyStorage } from '../test/helpers/empty-storage.ts';
import { loadSupabaseFixture } from '../test/helpers/fixture.ts';
import { describeDatabase, describeObject, type Query, type ReleasedBackups } from '../test/helpers/released.ts';
import { startStorageServer, type StorageServer } from '../test/helpers/storage-server/server.ts';

const root = join(import.meta.dirname, '..');
const passphrase = 'published-with-the-fixture';

/** What makes the archive large and tests nothing. */
const slim = `
  SELECT lo_unlink(content) FROM public.attachments WHERE id = 5;
  DELETE FROM public.attachments WHERE id = 5;
  UPDATE public.tricky_values SET words = repeat('Ünïcode 🐘 ', 500) WHERE id = 8`;

/** Names of all kinds, each of which finds its own way into the archive (docs/archive-layout.md). */
const objects: readonly (readonly [bucket: string, name: string, bytes: Buffer])[] = [
  ['avatars', 'a', Buffer.from('a file called like a directory')],
  ['avatars', 'a/b.png', Buffer.alloc(3000, 'b')],
  ['avatars', "folder/it's (1).png", Buffer.from([0, 255, 10, 13])],
  ['avatars', 'odd//name?.txt', Buffer.from('Ünïcode 🐘')],
  ['avatars', `${'long '.repeat(60)}.txt`, Buffer.from('long')],
  ['documents', 'README', Buffer.from('no dot')],
  ['documents', 'v1.2/notes.txt', Buffer.from('a directory with a dot')],
  ['documents', 'empty.bin', Buffer.alloc(0)],
];

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
const kept = join(root, 'test/fixtures/releases', version);
if (existsSync(`${kept}.json`) && !process.argv.includes('--replace'))
  throw new Error(`${version} has left its backups already. Only before it is released may they be made anew: --replace.`);

const directory = await mkdtemp(join(tmpdir(), 'release-fixture-'));
const cluster = await startCluster();
const client = new Client({ ...addressOf(cluster.address), database: 'postgres' });
let storage: StorageServer | undefined;
try {
  await client.connect();
  await client.query('CREATE DATABASE shop');
  await loadSupabaseFixture(cluster.address, 'shop');
  storage = await startStorageServer({ database: { ...addressOf(cluster.address), database: 'shop', password: undefined } });
  await writeDocument(await makeBackups(storage));
  const repository = ['--directory', directory, 'repository'];
  const alwaysTheSame = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  await execa('tar', ['--create', `--file=${kept}.tar.gz`, '--use-compress-program=gzip -9n', ...alwaysTheSame, ...repository]);
  process.stdout.write(`${kept}.tar.gz: ${(await stat(`${kept}.tar.gz`)).size} bytes\n`);
} finally {
  await client.end();
  await storage?.close();
  await cluster.stop();
  await rm(directory, { recursive: true });
}

/** Over the server's socket no password is asked for. */
function addressOf({ socketDirectory, port, user }: ClusterAddress): { host: string; port: number; user: string } {
  return { host: socketDirectory, port, user };
}

async function makeBackups(server: StorageServer): Promise<ReleasedBackups> {
  const source = new Client({ ...addressOf(cluster.address), database: 'shop' });
  await source.connect();
  const query: Query = async <Row>(sql: string) => [await source.query(sql)].flat().at(-1)!.rows as Row[];
  try {
    await query(slim);
    await query(emptyStorage);
    for (const [bucket, name, bytes] of objects) await server.putObject(bucket, name, bytes);
    const { socketDirectory, port, user } = cluster.address;
    const url = `postgresql://${user}@/shop?host=${encodeURIComponent(socketDirectory)}&port=${port}`;
    const [project, alone] = ['shop', 'files'];
    await writeEnvFile(project, { SUPABASE_DB_URL: url, VERIFY_CONTENT: 'true' });
    await writeEnvFile(alone, {});
    await agent('init', project);
    const contents = await describeDatabase(query);
    const expected = objects.map(([bucket, name, bytes]) => describeObject(bucket, name, bytes));
    return {
      agentVersion: version,
      madeWith: {
        borg: (await execa('borg', ['--version'])).stdout,
        postgres: (await query<{ server_version: string }>('SHOW server_version'))[0]!.server_version,
      },
      passphrase,
      database: { project, backupId: (await agent('backup', project)).backupId!, contents },
      objects: expected,
      storageAlone: { project: alone, backupId: (await agent('backup', alone)).backupId!, objects: expected },
    };
  } finally {
    await source.end();
  }
}

async function writeEnvFile(project: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const all = {
    PROJECT_NAME: project,
    SUPABASE_URL: storage!.url,
    SUPABASE_SERVICE_ROLE_KEY: storage!.serviceKey,
    BORG_REPO: join(directory, 'repository'),
    BORG_PASSPHRASE: passphrase,
    STATE_DIR: join(directory, `state-${project}`),
    ...variables,
  };
  await mkdir(all.STATE_DIR, { mode: 0o700 });
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(directory, `${project}.env`), lines.join(''), { mode: 0o600 });
}

async function agent(command: string, project: string): Promise<{ status: string; backupId?: string }> {
  const args = ['--', join(root, 'src/main.ts'), command, '--json', '--env-file', join(directory, `${project}.env`)];
  const { stdout } = await execa(process.execPath, args, { stderr: 'inherit' });
  return JSON.parse(stdout) as { status: string; backupId?: string };
}

async function writeDocument(document: ReleasedBackups): Promise<void> {
  await mkdir(join(kept, '..'), { recursive: true });
  await writeFile(`${kept}.json`, `${JSON.stringify(document, undefined, 2)}\n`);
}
