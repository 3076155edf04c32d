import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { readExport, type ExportedFile } from '../../../src/archive/read-export.ts';
import type { CommandResult, RunContext } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';

const ours = new AppError('no_space', 'There is no room left.', { hint: 'Make room.' });
const borgs = new AppError('repository_failed', 'borg ended badly.', { hint: 'Look.' });

/** A Borg that has sent one file, and goes on with the next one for ever, or breaks off. */
function contextOf(how: 'goes on' | 'breaks off'): { context: RunContext; terminations: () => number } {
  const tar = pack();
  tar.entry({ name: 'a' }, 'a');
  tar.entry({ name: 'b', size: 10 }).write('b');
  const chunks = tar as AsyncIterable<Buffer>;
  let terminations = 0;
  const ended = Promise.withResolvers<CommandResult>();
  async function* bytes(): AsyncGenerator<Buffer> {
    let sent = 0;
    for await (const chunk of chunks) {
      yield chunk;
      sent += chunk.length;
      // A head, a block of content, another head and one byte.
      if (how === 'breaks off' && sent > 3 * 512) break;
    }
    ended.resolve({ exitCode: 2, signal: null, stdout: '', stderr: '' });
  }
  const terminate = async (): Promise<void> => {
    terminations += 1;
    ended.resolve({ exitCode: 143, signal: null, stdout: '', stderr: 'Received SIGTERM' });
    await ended.promise;
  };
  const repository = {
    startExport: () => ({ stdout: Readable.from(bytes()), finished: ended.promise, terminate }),
    assertRead: () => {
      throw borgs;
    },
  };
  const context = { signal: new AbortController().signal, repository } as unknown as RunContext;
  return { context, terminations: () => terminations };
}

test('what goes wrong with the work is told, and not how the Borg ended that was terminated for it', async () => {
  const { context, terminations } = contextOf('goes on');
  const work = async (entries: AsyncIterable<ExportedFile>): Promise<void> => {
    for await (const entry of entries) throw entry.header.name === 'a' ? ours : new Error('no a');
  };
  await expect(readExport(context, { archive: 'x', paths: ['a'] }, work)).rejects.toBe(ours);
  expect(terminations()).toBe(1);
});

test('of a Borg that has broken off, its own end is told', async () => {
  const { context, terminations } = contextOf('breaks off');
  const work = async (entries: AsyncIterable<ExportedFile>): Promise<void> => {
    for await (const entry of entries) for await (const chunk of entry) expect(chunk.length).toBeGreaterThan(0);
  };
  await expect(readExport(context, { archive: 'x', paths: ['a'] }, work)).rejects.toBe(borgs);
  expect(terminations()).toBe(0);
});
