import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addProjectChoice, chooseProjects, type SeveralOptions } from '../../../src/cli/several.ts';
import { createTestShell } from '../../helpers/shell.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const choose = (names: readonly string[], options: SeveralOptions = {}, workingDirectory = '/') =>
  chooseProjects(createTestShell({ workingDirectory }), names, options);

test('adds names and --all to a command', () => {
  const command = addProjectChoice(new Command('status')).parse(['shop', 'blog'], { from: 'user' });
  expect(command.processedArgs).toEqual([['shop', 'blog']]);
  expect(addProjectChoice(new Command('status')).parse(['--all'], { from: 'user' }).opts()).toEqual({ all: true });
});

test('is undefined when no project is named but by the common options', async () => {
  expect(await choose([])).toBeUndefined();
  expect(await choose([], { project: 'shop' })).toBeUndefined();
  expect(await choose([], { envFile: 'shop.env' })).toBeUndefined();
});

test('takes the names as they are given, each once', async () => {
  expect(await choose(['shop', 'blog', 'shop'])).toEqual(['shop', 'blog']);
});

test('--all takes every project of the directory, wherever that is', async () => {
  const directory = await createTemporaryDirectory();
  const projectsDirectory = join(directory, 'projects');
  await mkdir(projectsDirectory);
  const said = `There is no project in ${projectsDirectory}. Nothing was started.`;
  await expect(choose([], { all: true, projectsDirectory })).rejects.toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: said,
  });
  for (const file of ['shop.env', 'blog.env', 'notes.txt', '.env', 'shop.env.bak']) {
    await writeFile(join(projectsDirectory, file), '');
  }
  expect(await choose([], { all: true, projectsDirectory })).toEqual(['blog', 'shop']);
  expect(await choose([], { all: true, projectsDirectory: 'projects' }, directory)).toEqual(['blog', 'shop']);
});

test('--all says when the directory cannot be read', async () => {
  await expect(choose([], { all: true, projectsDirectory: '/nonexistent' })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('/nonexistent cannot be read') as unknown,
  });
});

test.each<[string[], SeveralOptions, string]>([
  [['shop'], { all: true }, 'the argument shop and --all each say which projects are meant. Nothing was started.'],
  [
    ['shop', 'blog'],
    { project: 'shop' },
    'the argument shop and --project each say which projects are meant. Nothing was started.',
  ],
  [['shop'], { envFile: '.env' }, 'the argument shop and --env-file each say which projects are meant. Nothing was started.'],
  [[], { all: true, project: 'shop' }, '--all and --project each say which projects are meant. Nothing was started.'],
  [[], { all: true, envFile: '.env' }, '--all and --env-file each say which projects are meant. Nothing was started.'],
  [['shop', '../blog'], {}, '"../blog" is not the name of a project. Nothing was started.'],
])('%j with %j is a mistake', async (names, options, message) => {
  await expect(choose(names, options)).rejects.toMatchObject({ code: 'usage', exitCode: 2, message });
});
