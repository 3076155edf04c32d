import fc from 'fast-check';
import { expect, test } from 'vitest';
import { releaseMemory } from '../../../src/release-memory.ts';
import { BodyReader, portionBytes } from '../../../src/tools/supabase/portions.ts';

function open(size: number, chunks: readonly Uint8Array[]): { readonly body: BodyReader; readonly isClosed: () => boolean } {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      // What is read is given away.
      for (const chunk of chunks) yield await Promise.resolve(Uint8Array.from(chunk));
    } finally {
      closed = true;
    }
  }
  const object = { bucket: 'docs', name: 'a', size, contentType: undefined, cacheControl: undefined, userMetadata: null };
  return { body: new BodyReader(object, source()), isClosed: () => closed };
}

test('a body is the same however it is cut, or it is refused', async () => {
  const anyChunks = fc.array(fc.uint8Array({ maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(anyChunks, fc.integer({ min: -2, max: 2 }), fc.boolean(), async (chunks, difference, streamed) => {
      const bytes = Buffer.concat(chunks);
      const size = Math.max(0, bytes.length + difference);
      const { body } = open(size, chunks);
      const read = async (): Promise<Buffer> => {
        if (!streamed) return Buffer.from(await body.readPortion());
        const parts: Uint8Array[] = [];
        for await (const part of body.stream()) parts.push(part);
        return Buffer.concat(parts);
      };
      if (size === bytes.length || (streamed && size === 0)) expect((await read()).equals(bytes.subarray(0, size))).toBe(true);
      else await expect(read()).rejects.toMatchObject({ failure: 'invalid' });
    }),
  );
});

test('a body that is all there is one portion, as it is', async () => {
  const bytes = Buffer.alloc(100, 1);
  const object = { bucket: 'docs', name: 'a', contentType: undefined, cacheControl: undefined, userMetadata: null };
  expect(await new BodyReader({ ...object, size: 100 }, bytes).readPortion()).toBe(bytes);
  await expect(new BodyReader({ ...object, size: 99 }, Buffer.from(bytes)).readPortion()).rejects.toMatchObject({
    failure: 'invalid',
  });
  await expect(new BodyReader({ ...object, size: 101 }, Buffer.from(bytes)).readPortion()).rejects.toMatchObject({
    failure: 'invalid',
  });
});

test('what comes later from the same memory does not touch what was read before', async () => {
  async function* source(memory: Buffer, end: number): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(memory.subarray(0, end));
  }
  const object = { bucket: 'docs', name: 'a', size: 10, contentType: undefined, cacheControl: undefined, userMetadata: null };
  for (const streamed of [false, true]) {
    const memory = Buffer.allocUnsafeSlow(20).fill(7);
    const body = new BodyReader(object, source(memory, 10));
    const read = streamed ? ((await body.stream().next()).value as Uint8Array) : await body.readPortion();
    releaseMemory(memory.subarray(10));
    expect([...read]).toEqual(Array.from({ length: 10 }, () => 7));
  }
});

test('portions are as long as they may be, and those given back are used again', async () => {
  const chunk = Buffer.alloc(4_000_000, 1);
  const { body } = open(20_000_000, [chunk, chunk, chunk, chunk, chunk]);
  const lengths: number[] = [];
  const memories: unknown[] = [];
  for (let count = 0; count < 4; count += 1) {
    const portion = await body.readPortion();
    lengths.push(portion.length);
    memories.push(portion.buffer);
    body.giveBack(portion);
  }
  expect(lengths).toEqual([portionBytes, portionBytes, portionBytes, 20_000_000 - 3 * portionBytes]);
  expect(memories[1]).toBe(memories[0]);
  expect(memories[2]).toBe(memories[0]);
});

test('a body that was not read to its end stays open for the caller', async () => {
  const { body, isClosed } = open(5, [Buffer.alloc(3), Buffer.alloc(3), Buffer.alloc(3)]);
  await expect(body.readPortion()).rejects.toThrow('there should be 5 bytes to send, but what is sent goes on after them');
  expect(isClosed()).toBe(false);
});
