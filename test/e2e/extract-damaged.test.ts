import { createHash } from 'node:crypto';
import { lstat, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { craftArchive, type CraftRequest } from '../helpers/crafted-archive.ts';
import { expectFiles, filesBelow, inShell, readTar, type ExtractDocument } from '../helpers/extracting.ts';
import { createStorageTarget, createStoredProject } from '../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

test('what is damaged is named and not written, and what is hostile is refused', async () => {
  const target = await createStorageTarget();
  const scene = await createStoredProject(target.variables);
  for (const name of ['changed.txt', 'gone.txt', 'good.txt', 'short.txt'])
    await scene.storage.putObject('docs', name, `this is ${name}`);
  const { document } = await scene.backUp();
  const base = await createTemporaryDirectory();
  const paths = ['RECOVERY.md', ...['bucket.json', 'objects.jsonl', 'objects'].map((name) => `storage/docs/${name}`)];
  let count = 0;
  const craft = async (change: CraftRequest['change'], more: readonly string[] = []): Promise<string> => {
    count += 1;
    const backupId = `shop-2026010${count}T000000Z`;
    await craftArchive(scene.repository, {
      from: document.archives[1]!.name,
      as: `${backupId}-storage`,
      paths: [...paths, ...more, 'manifest.json'],
      ...(change === undefined ? {} : { change }),
    });
    return backupId;
  };
  const objects = (directory: string, name: string): string => join(directory, 'storage/docs/objects', name);

  const damaged = await craft(async (directory) => {
    await writeFile(objects(directory, 'changed.txt'), 'that is changed.txt');
    await writeFile(objects(directory, 'short.txt'), 'short');
    await rm(objects(directory, 'gone.txt'));
  });
  const result = await scene.run('extract', damaged, '--to-dir', join(base, 'damaged'), '--json');
  expect(result.exitCode).toBe(22);
  const { damaged: named, ...report } = result.json<ExtractDocument>();
  expect(report).toMatchObject({ status: 'damaged', objects: 1, bytes: 16 });
  expect(named.names.map(({ name }) => name).toSorted()).toEqual(['changed.txt', 'gone.txt', 'short.txt']);
  await expectFiles(join(base, 'damaged'), new Map([['docs/good.txt', Buffer.from('this is good.txt')]]));
  const tar = await inShell(scene, '"$@" > damaged.tar', ['extract', damaged, '--tar'], base);
  expect(tar).toMatchObject({
    exitCode: 22,
    stderr: expect.stringContaining('Damaged: docs/gone.txt: the archive lacks it') as string,
  });
  expect((await readTar(join(base, 'damaged.tar'))).map(({ header }) => header.name).toSorted()).toEqual([
    'docs/changed.txt',
    'docs/good.txt',
  ]);

  const other = await craft((directory) => writeFile(objects(directory, 'changed.txt'), 'that is changed.txt'));
  const restore = ['restore', other, '--to', 'test', '--confirm', 'shop-test', '--only', 'storage', '--json'];
  const restored = await scene.run(...restore);
  expect(restored).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/changed\.txt has another content than when it was captured/) as string,
  });
  const stored = await target.database.query<{ name: string }>('SELECT name FROM storage.objects ORDER BY name');
  expect(stored.map(({ name }) => name)).toEqual(['gone.txt', 'good.txt', 'short.txt']);

  // Where something of the target would go for it, nothing is written unless the user says so.
  await target.storage.putObject('docs', 'good.txt', 'of the target');
  const sent = target.storage.requests.length;
  const over = [...restore, '--no-safety-backup'];
  const stopped = await scene.run(...over);
  expect(stopped).toMatchObject({
    exitCode: 22,
    stdout: expect.stringMatching(/are not as they were captured: docs\/changed\.txt\. Nothing was touched\./) as string,
  });
  expect(target.storage.requests.slice(sent).filter(({ method }) => method !== 'GET')).toEqual([]);
  const allowed = await scene.run(...over, '--allow-incomplete');
  expect(allowed).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/"uploaded":1,"uploadedBytes":16/) as string });

  const outside = await craft((directory) =>
    rewriteSidecar(directory, (line) => line.replace('storage/docs/objects/good.txt', '../good.txt')),
  );
  const elsewhere = await craft((directory) =>
    rewriteSidecar(directory, (line) => line.replace('storage/docs/objects/good.txt', 'storage/docs/objects/gone.txt')),
  );
  const unlike = await craft((directory) => writeFile(join(directory, 'storage/docs/objects.jsonl'), ''));
  const linked = await craft(async (directory) => {
    await rm(objects(directory, 'good.txt'));
    await symlink('/etc/passwd', objects(directory, 'good.txt'));
  });
  for (const [backup, message] of [
    [outside, 'outside of the archive'],
    [elsewhere, 'no path of that object'],
    [unlike, 'another content'],
    [linked, 'symlink'],
  ] as const) {
    const refused = await scene.run('extract', backup, '--to-dir', join(base, backup), '--json');
    expect(refused.exitCode).toBe(22);
    expect(refused.json<ExtractDocument>().error).toMatchObject({
      code: 'verification_failed',
      message: expect.stringContaining(message) as string,
    });
    const written = await filesBelow(join(base, backup)).catch(() => []);
    expect(written.filter((path) => !/^docs\/(changed|gone|short)\.txt$/.test(path))).toEqual([]);
  }
  expect(await lstat(join(base, 'good.txt')).catch(() => undefined)).toBeUndefined();
});

/** Changes the lines of the sidecar, and the manifest so that it fits. */
async function rewriteSidecar(directory: string, edit: (line: string) => string): Promise<void> {
  const path = join(directory, 'storage/docs/objects.jsonl');
  const text = (await readFile(path, 'utf8')).split('\n').map(edit).join('\n');
  await writeFile(path, text);
  const manifestPath = join(directory, 'manifest.json');
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as { parts: { path: string }[] };
  const sums = { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
  const parts = manifest.parts.map((part) => (part.path === 'storage/docs/objects.jsonl' ? { ...part, ...sums } : part));
  await writeFile(manifestPath, JSON.stringify({ ...manifest, parts }));
}
