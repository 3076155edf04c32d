import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openOutputDirectory } from '../../../src/tools/files/output-directory.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

async function* contentOf(text: string, failure?: Error): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
  if (failure !== undefined) throw failure;
}

test('files are private, dated and whole; what throws leaves none', async () => {
  const root = join(await createTemporaryDirectory(), 'new/one');
  const output = await openOutputDirectory(root);
  const modified = new Date('2020-02-02T02:02:02.020Z');
  await output.write({ path: 'a/b/c.txt', modified }, contentOf('text'));
  expect(await readFile(join(root, 'a/b/c.txt'), 'utf8')).toBe('text');
  const file = await stat(join(root, 'a/b/c.txt'));
  expect([file.mode & 0o777, file.mtimeMs]).toEqual([0o600, modified.getTime()]);
  expect((await stat(join(root, 'a/b'))).mode & 0o777).toBe(0o700);

  const failure = new Error('it broke off');
  await expect(output.write({ path: 'd/e.txt', modified: undefined }, contentOf('half', failure))).rejects.toBe(failure);
  expect(await readdir(root)).toEqual(['a']);
});

test('nothing is replaced, and no link followed', async () => {
  const directory = await createTemporaryDirectory();
  const root = join(directory, 'root');
  await mkdir(join(directory, 'elsewhere'));
  const output = await openOutputDirectory(root);
  await writeFile(join(root, 'file'), 'first');
  await symlink(join(directory, 'elsewhere'), join(root, 'link'));
  await symlink(join(directory, 'elsewhere/new'), join(root, 'dangling'));
  for (const path of ['file', 'file/below', 'link', 'link/below', 'dangling']) {
    await expect(output.write({ path, modified: undefined }, contentOf('second'))).rejects.toMatchObject({ code: 'failed' });
  }
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('first');
  expect(await readdir(join(directory, 'elsewhere'))).toEqual([]);
  expect((await readdir(root)).toSorted()).toEqual(['dangling', 'file', 'link']);
});

test('only an empty directory is taken', async () => {
  const directory = await createTemporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  await expect(openOutputDirectory(directory)).rejects.toMatchObject({ code: 'usage' });
  await expect(openOutputDirectory(join(directory, 'file'))).rejects.toMatchObject({ code: 'usage' });
  await expect(openOutputDirectory(join(directory, 'file/below'))).rejects.toMatchObject({ code: 'usage' });
});

test('a full disk and a name that the file system refuses are told as such', async () => {
  const output = await openOutputDirectory(join(await createTemporaryDirectory(), 'one'));
  const path = 'x'.repeat(300);
  await expect(output.write({ path, modified: undefined }, contentOf('a'))).rejects.toMatchObject({ code: 'failed' });
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  await expect(output.write({ path: 'y', modified: undefined }, contentOf('a', full))).rejects.toMatchObject({
    code: 'no_space',
  });
});
