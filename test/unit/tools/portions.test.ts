import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReader, portionBytes } from '../../../src/tools/supabase/portions.ts';

function open(size: number, chunks: readonly Uint8Array[]): { readonly body: BodyReader; readonly isClosed: () => boolean } {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
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
        if (!streamed) return body.readPortion();
        const parts: Uint8Array[] = [];
        for await (const part of body.stream()) parts.push(part);
        return Buffer.concat(parts);
      };
      if (size === bytes.length || (streamed && size === 0)) expect((await read()).equals(bytes.subarray(0, size))).toBe(true);
      else await expect(read()).rejects.toMatchObject({ failure: 'invalid' });
    }),
  );
});

test('portions are as long as they may be, and share two buffers', async () => {
  const chunk = Buffer.alloc(4_000_000, 1);
  const { body } = open(20_000_000, [chunk, chunk, chunk, chunk, chunk]);
  const portions = [await body.readPortion(), await body.readPortion(), await body.readPortion(), await body.readPortion()];
  const rest = 20_000_000 - 3 * portionBytes;
  expect(portions.map(({ length }) => length)).toEqual([portionBytes, portionBytes, portionBytes, rest]);
  expect(new Set(portions.map(({ buffer }) => buffer)).size).toBe(2);
});

test('a body that was not read to its end stays open for the caller', async () => {
  const { body, isClosed } = open(5, [Buffer.alloc(3), Buffer.alloc(3), Buffer.alloc(3)]);
  await expect(body.readPortion()).rejects.toThrow('there should be 5 bytes to send, but what is sent goes on after them');
  expect(isClosed()).toBe(false);
});
