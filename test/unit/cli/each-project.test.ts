import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { exitCodeOfAll, forEachProject, toCommonDocument } from '../../../src/cli/each-project.ts';
import { exitCodes } from '../../../src/domain/exit-code.ts';
import { AppError } from '../../../src/errors.ts';
import { createTestShell } from '../../helpers/shell.ts';

const broken = new AppError('no_space', 'It is full.', { hint: 'Free some room.' });
const views = { exitCodeOf: () => exitCodes.incomplete, toDocument: (project: string) => ({ command: 'work', project }) };

test('whatever becomes of one, the others have their turn, in order', async () => {
  const shell = createTestShell();
  const onEnd = vi.fn();
  const begun: string[] = [];
  const work = async (_: unknown, name: string) => {
    begun.push(name);
    await Promise.resolve();
    if (name === 'b') throw broken;
    if (name === 'c') throw new TypeError('a defect');
    return name;
  };
  const all = await forEachProject(shell, ['a', 'b', 'c', 'd'], work, onEnd);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(all.notBegun).toEqual([]);
  expect(onEnd.mock.calls.map(([end]) => end as unknown)).toEqual(all.ends);
  expect(exitCodeOfAll(all, views)).toBe(exitCodes.noSpace);
  expect(toCommonDocument('work', all, views)).toEqual({
    command: 'work',
    status: 'failed',
    exitCode: 21,
    projects: [
      { name: 'a', command: 'work', project: 'a' },
      {
        name: 'b',
        command: 'work',
        status: 'failed',
        error: { code: 'no_space', message: 'It is full.', hint: 'Free some room.', exitCode: 21, retryable: false },
      },
      expect.objectContaining({ name: 'c', error: expect.objectContaining({ code: 'failed' }) as object }),
      { name: 'd', command: 'work', project: 'd' },
    ],
    notBegun: [],
  });
  expect(getEventListeners(shell.signal, 'abort')).toEqual([]);
});

test('an interruption ends the one that runs, and the rest is not begun', async () => {
  const controller = new AbortController();
  const shell = createTestShell({ signal: controller.signal });
  const work = async (own: { signal: AbortSignal }, name: string) => {
    if (name === 'b') controller.abort(new Error('received SIGTERM'));
    await Promise.resolve();
    own.signal.throwIfAborted();
    return name;
  };
  const all = await forEachProject(shell, ['a', 'b', 'c', 'd'], work);
  expect(all.ends).toMatchObject([
    { name: 'a', result: 'a' },
    { name: 'b', error: { code: 'interrupted' } },
  ]);
  expect(all.notBegun).toEqual(['c', 'd']);
  expect(exitCodeOfAll(all, views)).toBe(exitCodes.interrupted);
});

test('what is noted says of which project', async () => {
  const note = vi.fn();
  const shell = createTestShell();
  const output = { ...shell.output, note };
  await forEachProject({ ...shell, output }, ['a'], async (own) => {
    own.output.note('Warning: it is open to all');
    own.output.note('it waits');
    await Promise.resolve();
  });
  expect(note.mock.calls).toEqual([['Warning: a: it is open to all'], ['a: it waits']]);
});
