import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { objectPath } from '../../../src/domain/storage/object-path.ts';
import { expectFiles, inShell, readTar, type ExtractDocument } from '../../helpers/extracting.ts';
import { createStoredProject, type StoredProject } from '../../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';
import { runOnTerminalHere } from '../../helpers/terminal-here.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Names that can be files as they are, beside each other. */
const ordinary = ['a/b', 'a/b.txt', 'x.json', 'objects.jsonl', 'sp ace/q?.txt', '.hidden', '-x'];
/** Names that cannot; of what the Storage API takes. */
const others = ['a', '/lead', 'trail/', 'n//double', `${'long'.repeat(64)}.png`];

/** All objects of the project, with where they belong. */
async function putObjects({ storage }: StoredProject): Promise<Map<string, Buffer>> {
  const expected = new Map<string, Buffer>();
  const put = async (bucket: string, name: string, path: string, bytes: Buffer): Promise<void> => {
    await storage.putObject(bucket, name, bytes);
    expected.set(path, bytes);
  };
  for (const [index, name] of [...ordinary, ...others].entries()) {
    const path = ordinary.includes(name) ? `docs/${name}` : objectPath('docs', name);
    await put('docs', name, path, Buffer.alloc(index * 1000, `${name} `));
  }
  await put('storage', 'docs/objects/a', objectPath('storage', 'docs/objects/a'), Buffer.from('in the way'));
  await put('Über uns', 'note.txt', 'Über uns/note.txt', Buffer.from('hello'));
  await storage.seedBucket('empty');
  return expected;
}

/** What of them lies below these paths. */
function only(expected: ReadonlyMap<string, Buffer>, ...paths: readonly string[]): Map<string, Buffer> {
  return new Map([...expected].filter(([path]) => paths.some((one) => path === one || path.startsWith(`${one}/`))));
}

test('objects come out as files, under their names where they can be files', async () => {
  const scene = await createStoredProject();
  const expected = await putObjects(scene);
  const { document, exitCode } = await scene.backUp();
  expect(exitCode).toBe(0);
  const base = await createTemporaryDirectory();
  const run = async (...args: readonly string[]): Promise<ExtractDocument> =>
    (await scene.run('extract', 'latest', ...args, '--json')).json<ExtractDocument>();
  const bytes = [...expected.values()].reduce((sum, content) => sum + content.length, 0);

  const dryRun = await run('--dry-run');
  expect(dryRun).toMatchObject({ dryRun: true, objects: expected.size, bytes, renamed: { count: others.length + 1 } });

  const all = await run('--to-dir', join(base, 'new/all'));
  expect(all).toMatchObject({
    schemaVersion: 1,
    command: 'extract',
    status: 'complete',
    backupId: document.backupId,
    archive: document.archives[1]!.name,
    objects: expected.size,
    bytes,
    damaged: { count: 0, names: [] },
  });
  const renamed = [...others.map((name) => ['docs', name] as const), ['storage', 'docs/objects/a'] as const];
  expect(new Set(all.renamed.names)).toEqual(
    new Set(renamed.map(([bucket, name]) => ({ bucket, name, path: objectPath(bucket, name) }))),
  );
  await expectFiles(join(base, 'new/all'), expected);
  const rows = await scene.database.query<{ ms: string }>(
    "SELECT floor(extract(epoch FROM updated_at) * 1000)::text AS ms FROM storage.objects WHERE bucket_id = 'docs' AND name = 'a/b.txt'",
  );
  const file = await stat(join(base, 'new/all/docs/a/b.txt'));
  expect([file.mode & 0o777, Math.floor(file.mtimeMs)]).toEqual([0o600, Number(rows[0]!.ms)]);
  for (const directory of ['new/all', 'new/all/docs', 'new/all/docs/a'])
    expect((await stat(join(base, directory))).mode & 0o777).toBe(0o700);

  await mkdir(join(base, 'empty'));
  const text = await scene.run(
    'extract',
    document.backupId,
    'docs/a/',
    'docs/-x',
    'docs/trail/',
    'Über uns',
    '--to-dir',
    join(base, 'empty'),
  );
  expect(text).toMatchObject({ exitCode: 0, stderr: `Renamed: docs/trail/ is ${objectPath('docs', 'trail/')}\n` });
  expect(text.stdout).toMatch(/^Extracted 5 objects \(.*\) of shop-.*-storage into .*\.\n$/);
  const part = only(expected, 'docs/a', 'docs/-x', objectPath('docs', 'trail/'), 'Über uns');
  expect(part.size).toBe(5);
  await expectFiles(join(base, 'empty'), part);

  // Alone it stands in nobody's way.
  expect(await run('docs/a', '--to-dir', join(base, 'one'))).toMatchObject({ objects: 1, renamed: { count: 0 } });
  await expectFiles(join(base, 'one'), new Map([['docs/a', expected.get(objectPath('docs', 'a'))!]]));
  expect(await run('empty', '--to-dir', join(base, 'nothing'))).toMatchObject({ objects: 0, bytes: 0 });

  const many = Array.from({ length: 300 }, () => 'docs/a/b');
  expect(await run(...many, 'docs/.hidden', '--to-dir', join(base, 'many'))).toMatchObject({ objects: 2 });

  for (const [args, message, hint] of [
    [['docs/x.json', 'docs/none'], '"docs/none" names no object', 'slash'],
    [['none'], '"none" is in no bucket', 'docs'],
    [['docs/sp ace'], 'there are objects below it', 'docs/sp ace/'],
    [['docs/none/'], '"docs/none/" names no object', 'slash'],
  ] as const) {
    const { error } = await run(...args, '--to-dir', join(base, 'refused'));
    expect(error).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
  }
  expect((await run('--to-dir', join(base, 'one'))).error).toMatchObject({
    code: 'usage',
    message: expect.stringContaining('not empty') as string,
  });
  expect((await run('--tar')).error).toMatchObject({ code: 'usage' });
  expect((await run()).error).toMatchObject({ code: 'usage' });
  expect((await readdir(base)).toSorted()).toEqual(['empty', 'many', 'new', 'nothing', 'one']);

  const databaseAlone = await scene.backUp('--only', 'database');
  const { error } = (
    await scene.run('extract', databaseAlone.document.backupId, '--dry-run', '--json')
  ).json<ExtractDocument>();
  expect(error).toMatchObject({ code: 'backup_not_found', hint: expect.stringContaining('agent list') as string });
});

test('objects come out as a tar', async () => {
  const scene = await createStoredProject();
  const expected = await putObjects(scene);
  const large = Buffer.alloc(3_000_000, 'large');
  await scene.storage.putObject('docs', 'large.bin', large);
  expected.set('docs/large.bin', large);
  await scene.backUp();
  const base = await createTemporaryDirectory();
  await mkdir(join(base, 'x'));

  const toFile = await inShell(scene, '"$@" > all.tar', ['extract', 'latest', '--tar'], base);
  expect(toFile.exitCode).toBe(0);
  expect(toFile.stderr.split('\n').map((line) => line.split(':')[0])).toEqual([...others, 'one more'].map(() => 'Renamed'));
  const entries = await readTar(join(base, 'all.tar'));
  expect(new Map(entries.map(({ header, bytes }) => [header.name, bytes]))).toEqual(expected);
  for (const { header } of entries) expect(header).toMatchObject({ type: 'file', mode: 0o600 });
  expect(entries.every(({ header }) => Math.abs(header.mtime.getTime() - Date.now()) < 3_600_000)).toBe(true);

  const piped = await inShell(scene, '"$@" | tar -x -C x', ['extract', 'latest', 'docs', '--tar'], base);
  expect(piped.exitCode).toBe(0);
  await expectFiles(join(base, 'x'), only(expected, 'docs', 'storage/docs'));

  const left = await inShell(scene, '"$@" | head -c 10 > /dev/null', ['extract', 'latest', '--tar'], base);
  expect(left.exitCode).toBe(1);
  expect(left.stderr).toMatch(/^Error: The tar could not be written to its end.*\nTry: .*$/);

  // Nobody reads on, so it cannot come to its end.
  const waiting = execa(
    process.execPath,
    ['--', main, 'extract', 'latest', 'docs/large.bin', '--tar', '--env-file', scene.project.envFile],
    { reject: false, buffer: false, cwd: '/' },
  );
  await once(waiting.stdout, 'readable');
  waiting.kill('SIGINT');
  let said = '';
  for await (const chunk of waiting.stderr) said += String(chunk);
  expect(said).toMatch(/^Error: Interrupted after 0 objects/);
  expect((await waiting).exitCode).toBe(130);

  const terminal = await runOnTerminalHere(['extract', 'latest', '--tar', '--env-file', scene.project.envFile]).finished;
  expect(terminal).toMatchObject({ exitCode: 2, shown: expect.stringContaining('nothing for a terminal') as string });
});
