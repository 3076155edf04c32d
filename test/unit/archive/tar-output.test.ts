import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { createTarOutput } from '../../../src/archive/tar-output.ts';

const object = { target: 'docs/a', size: 3, modified: new Date('2026-02-01T00:00:00Z') } as unknown as Parameters<
  ReturnType<typeof createTarOutput>['write']
>[0];

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

test('objects stand in the tar as they come, private and with their time', async () => {
  const stream = new PassThrough();
  const collected = buffer(stream);
  const tar = createTarOutput(stream, new AbortController().signal);
  await tar.write(object, chunksOf('o', 'ne'));
  await tar.write({ ...object, target: 'docs/empty', size: 0, modified: undefined }, chunksOf());
  await tar.write({ ...object, target: 'docs/large', size: 300_000 }, chunksOf('x'.repeat(200_000), 'y'.repeat(100_000)));
  await tar.end();
  const found: object[] = [];
  for await (const entry of Readable.from([await collected]).pipe(extract())) {
    const { name, size, mode, mtime } = entry.header;
    found.push({ name, size, mode, mtime: mtime.toISOString(), read: (await buffer(entry)).length });
  }
  const time = '2026-02-01T00:00:00.000Z';
  expect(found).toEqual([
    { name: 'docs/a', size: 3, mode: 0o600, mtime: time, read: 3 },
    { name: 'docs/empty', size: 0, mode: 0o600, mtime: '1970-01-01T00:00:00.000Z', read: 0 },
    { name: 'docs/large', size: 300_000, mode: 0o600, mtime: time, read: 300_000 },
  ]);
});

test('a reader that goes away is told of, whatever was being written', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const tar = createTarOutput(stream, new AbortController().signal);
  const large = { ...object, size: 3_000_000 };
  await expect(tar.write(large, chunksOf(...Array.from({ length: 3 }, () => 'x'.repeat(1_000_000))))).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('whatever read it has gone') as string,
  });
});

test('a run that is ended does not wait for a reader that does not read', async () => {
  const ending = new AbortController();
  const stream = new Writable({ highWaterMark: 1, write: () => undefined });
  const tar = createTarOutput(stream, ending.signal);
  const writing = tar.write({ ...object, size: 3_000_000 }, chunksOf('x'.repeat(2_000_000), 'y'.repeat(1_000_000)));
  ending.abort(new Error('ended'));
  await expect(writing).rejects.toThrow();
  tar.destroy();
});
