import { describe, expect, test } from 'vitest';
import type { UploadedObject } from '../../src/object-store.ts';
import type { Fault } from '../helpers/storage-server/faults.ts';
import {
  bytesOf,
  describeUpload,
  expectStored,
  failureOf,
  inPieces,
  openUploads,
  portion,
  upload,
} from '../helpers/uploads.ts';

describe('an upload that is disturbed', () => {
  const twoPortions = portion + 100;
  const lastPart = { method: 'PATCH', after: 1, times: 1 } as const;

  test.for<[number, Fault]>([
    [1000, { effect: { kind: 'status', status: 429 }, times: 2 }],
    [1000, { effect: { kind: 'status', status: 503 }, times: 5 }],
    [1000, { effect: { kind: 'html' }, times: 1 }],
    [1000, { effect: { kind: 'lost-answer' }, times: 1 }],
    [portion, { effect: { kind: 'reset', afterBytes: 1_000_000 }, times: 2 }],
    [portion, { effect: { kind: 'hang', afterBytes: 1_000_000 }, times: 1 }],
    [1000, { effect: { kind: 'hang' }, times: 1 }],
    [twoPortions, { effect: { kind: 'status', status: 503 }, method: 'POST', times: 2 }],
    [twoPortions, { effect: { kind: 'lost-answer' }, method: 'POST', times: 1 }],
    [twoPortions, { effect: { kind: 'status', status: 500 }, method: 'PATCH', times: 2 }],
    [twoPortions, { effect: { kind: 'status', status: 429 }, ...lastPart }],
    [twoPortions, { effect: { kind: 'html' }, ...lastPart }],
    [twoPortions, { effect: { kind: 'reset', afterBytes: 3_000_000 }, method: 'PATCH', times: 2 }],
    [twoPortions, { effect: { kind: 'hang', afterBytes: 3_000_000 }, method: 'PATCH', times: 1 }],
    [twoPortions, { effect: { kind: 'lost-answer' }, method: 'PATCH', times: 1 }],
    [twoPortions, { effect: { kind: 'lost-answer' }, ...lastPart }],
    [twoPortions, { effect: { kind: 'reset', afterBytes: 50 }, ...lastPart }],
  ])('of %i bytes arrives all the same: %j', async ([size, fault]) => {
    const opened = await openUploads({ headersMs: 700, stallMs: 700 });
    const active = opened.server.faults.add(fault);
    const object = describeUpload('a', size, { userMetadata: '{"a":1}' });
    expect(await upload(opened, object)).toEqual({ deviations: [] });
    expect(active.struck).toBe(fault.times);
    await expectStored(opened, object);
  });

  test('waits as long as the server asks for', async () => {
    const opened = await openUploads();
    opened.server.faults.add({ effect: { kind: 'status', status: 429, retryAfter: 1 }, times: 1 });
    const start = performance.now();
    await upload(opened, describeUpload('a', 10));
    expect(performance.now() - start).toBeGreaterThan(990);
  });

  test.for([1000, twoPortions])('of %i bytes is given up after five more attempts', async (size) => {
    const opened = await openUploads();
    const fault = opened.server.faults.add({ effect: { kind: 'status', status: 503 } });
    expect(await failureOf(upload(opened, describeUpload('a', size)))).toMatchObject({ failure: 'transient' });
    expect(fault.struck).toBe(6);
  });

  test('does not go on with a key that has expired', async () => {
    const opened = await openUploads();
    opened.server.faults.add({ effect: { kind: 'refuse' }, method: 'PATCH', after: 1 });
    expect(await failureOf(upload(opened, describeUpload('a', 3 * portion)))).toMatchObject({ failure: 'refused' });
    opened.server.faults.expireKeys();
    expect(await failureOf(upload(opened, describeUpload('a', 10)))).toMatchObject({ failure: 'refused' });
    expect(opened.server.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH', 'POST']);
  });

  test('ends when the run is aborted, having read no more than it can keep', async () => {
    const opened = await openUploads();
    const controller = new AbortController();
    const fault = opened.server.faults.add({ effect: { kind: 'hang' }, method: 'PATCH', after: 1 });
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read += 100_000;
        yield await Promise.resolve(Buffer.alloc(100_000));
      }
    }
    const object = describeUpload('a', 20 * portion);
    const uploading = opened.store.upload(object, endless(), controller.signal);
    await expect.poll(() => fault.struck).toBe(1);
    controller.abort(new Error('stopped'));
    await expect(uploading).rejects.toThrow('stopped');
    // One that has arrived, one on its way, and two ahead.
    expect(read).toBeLessThan(4 * portion + 200_000);
    await expect(opened.store.upload(object, endless(), controller.signal)).rejects.toThrow('stopped');
  });
});

describe('a body that is not what was said', () => {
  const odd = { cacheControl: 'no-store' };

  test.for<[number, number, Partial<UploadedObject>, readonly string[]]>([
    [10, 9, {}, []],
    [10, 11, {}, []],
    [0, 1, {}, []],
    [portion + 10, portion + 9, {}, ['POST', 'PATCH', 'DELETE']],
    [portion + 10, portion + 11, {}, ['POST', 'PATCH', 'DELETE']],
    [portion + 10, portion + 9, odd, ['POST']],
    [portion + 10, portion + 11, odd, ['POST']],
  ])('of %i bytes, but %i come (%j), leaves no object', async ([size, bytes, rest, methods]) => {
    const opened = await openUploads();
    const { store, server, database } = opened;
    const body = inPieces(bytesOf(bytes), 1000);
    const uploading = store.upload(describeUpload('a', size, rest), body, new AbortController().signal);
    const { failure, message } = await failureOf(uploading);
    expect(failure).toBe('invalid');
    expect(message).toMatch(/^docs\/a: there should be \d+ bytes to send, but what is sent /);
    await expect.poll(() => server.requests.map(({ method }) => method)).toEqual(methods);
    expect(await database.query("SELECT FROM storage.objects WHERE bucket_id = 'docs'")).toEqual([]);
  });

  test.for<[number, Partial<UploadedObject>]>([
    [10, {}],
    [3 * portion, {}],
    [3 * portion, odd],
  ])('of %i bytes that cannot be read (%j) fails with its own error', async ([size, rest]) => {
    const { store, database } = await openUploads();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* inPieces(bytesOf(size).subarray(0, size - 5));
      throw new TypeError('Borg is gone.');
    }
    const uploading = store.upload(describeUpload('a', size, rest), broken(), new AbortController().signal);
    await expect(uploading).rejects.toThrow(new TypeError('Borg is gone.'));
    expect(await database.query("SELECT FROM storage.objects WHERE bucket_id = 'docs'")).toEqual([]);
  });
});
