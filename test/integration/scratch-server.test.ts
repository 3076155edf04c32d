import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { composeCommands } from '../../src/composition.ts';
import { createFiles } from '../../src/tools/files/files.ts';
import { createDatabases } from '../../src/tools/postgres/databases.ts';
import { whenTestEnds } from '../helpers/cleanup.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

const signal = new AbortController().signal;
const commands = composeCommands({ environment: process.env, signal });

interface Place {
  readonly directory: string;
  readonly runs: string;
  readonly temporaryDirectory: string;
}

async function createPlace(): Promise<Place> {
  const directory = await createTemporaryDirectory();
  // As root the server's user has to get to its own directory.
  await chmod(directory, 0o711);
  const place = { directory, runs: join(directory, 'runs'), temporaryDirectory: join(directory, 'tmp') };
  await mkdir(place.temporaryDirectory, { mode: 0o711 });
  return place;
}

function openDatabases(temporaryDirectory: string): ReturnType<typeof createDatabases> {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  return createDatabases({ commands, directory: undefined, path, temporaryDirectory }, signal);
}

test('a scratch server is there for its agent alone, and leaves nothing', async () => {
  const { directory, runs, temporaryDirectory } = await createPlace();
  const run = await createFiles(runs, commands).createWorkDirectory('run');
  const databases = openDatabases(temporaryDirectory);
  const server = await databases.startScratchServer(15, run);
  const session = await databases.connect(server.connection);
  const [settings] = await session.query<object>(`SELECT current_user AS user, pg_encoding_to_char(encoding) AS encoding,
    datcollate AS collation, current_setting('listen_addresses') AS addresses FROM pg_database WHERE datname = 'template0'`);
  expect(settings).toEqual({ user: 'postgres', encoding: 'UTF8', collation: 'C.UTF-8', addresses: '' });

  // It goes with a session that is busy, too.
  const busy = session.query('SELECT pg_sleep(3600)');
  busy.catch(() => undefined);
  await Promise.all([server.close(), server.close()]);
  await expect(busy).rejects.toThrow();
  await session.close();
  expect([await readdir(run), await readdir(temporaryDirectory)]).toEqual([[], []]);
  await expectNoLeaks(directory);
});

test('it is of the newest version whose server is installed, whatever the newest client programs are', async () => {
  const { runs, temporaryDirectory } = await createPlace();
  const run = await createFiles(runs, commands).createWorkDirectory('run');
  const client = await createTemporaryDirectory();
  await writeFile(join(client, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 99.0"\n', { mode: 0o755 });
  const path = `${client}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
  const databases = createDatabases({ commands, directory: undefined, path, temporaryDirectory }, signal);
  expect(await databases.findPrograms(15)).toMatchObject({ major: 99, directory: client });
  const server = await databases.startScratchServer(15, run);
  await server.close();
  expect(server.major).toBeGreaterThanOrEqual(15);
  expect(server.major).toBeLessThan(99);

  await expect(databases.startScratchServer(99, run)).rejects.toMatchObject({
    code: 'tool_missing',
    message: expect.stringMatching(/^A scratch server needs initdb and postgres of PostgreSQL 99 or newer; found \d/) as string,
  });
});

test('a path that is too long for a socket is told', async () => {
  const { runs, temporaryDirectory } = await createPlace();
  const run = await createFiles(runs, commands).createWorkDirectory('run');
  const long = join(temporaryDirectory, 'x'.repeat(60));
  await mkdir(long, { mode: 0o711 });
  const databases = openDatabases(long);
  const starting = databases.startScratchServer(15, run);
  await expect(starting).rejects.toMatchObject({ code: 'configuration', hint: expect.stringContaining('TMPDIR') as string });
  expect([await readdir(run), await readdir(long)]).toEqual([[], []]);
});

/** An agent that starts a server, keeps a session of it busy, says so and waits. */
const agent = `
  import { composeCommands } from '${new URL('../../src/composition.ts', import.meta.url).href}';
  import { createFiles } from '${new URL('../../src/tools/files/files.ts', import.meta.url).href}';
  import { createDatabases } from '${new URL('../../src/tools/postgres/databases.ts', import.meta.url).href}';
  const [runs, temporaryDirectory] = process.argv.slice(1);
  const signal = new AbortController().signal;
  const commands = composeCommands({ environment: process.env, signal });
  const run = await createFiles(runs, commands).createWorkDirectory('killed');
  const databases = createDatabases({ commands, path: process.env.PATH, temporaryDirectory }, signal);
  const server = await databases.startScratchServer(15, run);
  const session = await databases.connect(server.connection);
  console.log('ready');
  await session.query('DO $$ BEGIN LOOP END LOOP; END $$');
`;

test('kill -9 of the agent ends the server, and the next run removes what it left', async () => {
  const { directory, runs, temporaryDirectory } = await createPlace();
  const subprocess = execa(process.execPath, ['--input-type=module', '--eval', agent, runs, temporaryDirectory], {
    reject: false,
  });
  whenTestEnds(async () => {
    subprocess.kill('SIGKILL');
    await subprocess;
  });
  await once(subprocess.stdout, 'data');
  expect(await readdir(temporaryDirectory)).toHaveLength(1);
  subprocess.kill('SIGKILL');
  await subprocess;
  await expectNoLeaks(directory);

  await createFiles(runs, commands).createWorkDirectory('next');
  expect([await readdir(runs), await readdir(temporaryDirectory)]).toEqual([['next'], []]);
});
