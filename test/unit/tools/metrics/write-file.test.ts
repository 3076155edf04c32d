import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, test, expect } from 'vitest';
import { replaceFile } from '../../../../src/tools/metrics/write-file.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('everybody may read the file, whatever the umask, and nothing else is left', async () => {
  const directory = await createTemporaryDirectory();
  const path = join(directory, 'shop.prom');
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  for (const text of ['a longer first text\n', 'second\n']) {
    await replaceFile(path, text);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
  }
  expect(await readdir(directory)).toEqual(['shop.prom']);
});

test('what lies in its way is replaced, and no link is followed', async () => {
  const directory = await createTemporaryDirectory();
  const other = join(directory, 'other');
  await writeFile(other, 'untouched');
  await symlink(other, join(directory, '.shop.prom.tmp'));
  await symlink(other, join(directory, 'shop.prom'));
  await replaceFile(join(directory, 'shop.prom'), 'new\n');
  expect(await readFile(other, 'utf8')).toBe('untouched');
  expect(await readFile(join(directory, 'shop.prom'), 'utf8')).toBe('new\n');
});

test('where it cannot be put, it rejects and leaves nothing', async () => {
  const directory = await createTemporaryDirectory();
  await expect(replaceFile(join(directory, 'missing/shop.prom'), 'text')).rejects.toThrow('ENOENT');
  await mkdir(join(directory, 'shop.prom'));
  await expect(replaceFile(join(directory, 'shop.prom'), 'text')).rejects.toThrow(/EISDIR|EEXIST|ENOTEMPTY/);
  expect(await readdir(directory)).toEqual(['shop.prom']);
});
