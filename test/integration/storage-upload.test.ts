import { describe, expect, test } from 'vitest';
import type { UploadedObject } from '../../src/object-store.ts';
import { startHttpServer } from '../helpers/http-server.ts';
import {
  bytesOf,
  describeUpload,
  expectStored,
  failureOf,
  inPieces,
  openStore,
  openUploads,
  portion,
  readRow,
  upload,
} from '../helpers/uploads.ts';

function userMetadataOf(bytes: number): string {
  return JSON.stringify({ author: 'Zoë', text: 'x'.repeat(bytes - '{"author":"Zoë","text":""}'.length - 1) });
}

describe('an upload', () => {
  test.for([
    [0, ['POST']],
    [1, ['POST']],
    [portion, ['POST']],
    [portion + 1, ['POST', 'PATCH', 'PATCH']],
    [20 * 1024 * 1024, ['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']],
  ] as const)('of %i bytes arrives whole, once and over what was there', async ([size, methods]) => {
    const opened = await openUploads();
    const object = describeUpload('a/b.txt', size, { userMetadata: '{"author":"Zoë"}' });
    expect(await upload(opened, object)).toEqual({ deviations: [] });
    expect(opened.server.requests.map(({ method }) => method)).toEqual(methods);
    await expectStored(opened, object);
    const other = { ...object, contentType: 'image/png', cacheControl: 'no-cache', userMetadata: null };
    expect(await upload(opened, other)).toEqual({ deviations: [] });
    await expectStored(opened, other);
  });

  test.each(['a b.txt', 'what?.txt', '//lead', 'n//double', 'n/trail/', 'n/..x/.hidden', 'a+b&c=d', ' space '])(
    'goes to %j, small or large',
    async (name) => {
      const opened = await openUploads();
      for (const size of [10, portion + 10]) {
        const object = describeUpload(name, size);
        expect(await upload(opened, object)).toEqual({ deviations: [] });
        await expectStored(opened, object);
      }
    },
  );

  test.each(['n/./a', '../a', '..'])('to %j is sent as a name, not as an address', async (name) => {
    const opened = await openUploads();
    expect(await failureOf(upload(opened, describeUpload(name, 10)))).toMatchObject({ failure: 'invalid' });
    expect(opened.server.requests.map(({ path }) => path)).toEqual(['/upload/resumable']);
  });
});

describe('what stands beside the bytes', () => {
  test.for([
    ['text/html; charset=UTF-8', 'public, max-age=1, immutable', 10],
    ['text/plain', '3600', portion + 10],
    ['nonsense', 'max-age=60', 10],
    ['multipart/form-data; boundary=x', 'no-cache', 10],
    ['text/plain', 'max-age=007', portion + 10],
  ] as const)('type %j and cache-control %j arrive with %i bytes', async ([contentType, cacheControl, size]) => {
    const opened = await openUploads();
    const object = describeUpload('a', size, { contentType, cacheControl, userMetadata: '{"a":1}' });
    expect(await upload(opened, object)).toEqual({ deviations: [] });
    await expectStored(opened, object);
  });

  test.for([10, portion + 10])('user metadata of any size arrives with %i bytes, as long as the API takes it', async (size) => {
    const opened = await openUploads();
    for (const bytes of [5000, 8192, 8193, 100_000, 1024 * 1024]) {
      const object = describeUpload('a', size, { userMetadata: userMetadataOf(bytes) });
      expect(Buffer.byteLength(object.userMetadata!)).toBe(bytes);
      expect(await upload(opened, object)).toEqual({ deviations: [] });
      await expectStored(opened, object);
    }
    const { deviations } = await upload(opened, describeUpload('a', size, { userMetadata: userMetadataOf(1024 * 1024 + 1) }));
    expect(deviations).toEqual(['its user metadata has 1048577 bytes, and the Storage API takes 1 MiB']);
    expect((await readRow(opened, 'a')).user_metadata).toEqual({});
  });

  test('user metadata comes before a cache-control that cannot come with it', async () => {
    const opened = await openUploads();
    const object = describeUpload('a', 10, { userMetadata: userMetadataOf(20_000), cacheControl: 'no-store' });
    const { deviations } = await upload(opened, object);
    expect(deviations).toEqual(['its cache-control (no-store) cannot be kept together with 20000 bytes of user metadata']);
    await expectStored(opened, { ...object, cacheControl: 'no-cache' });
  });

  test('what no way can carry is told', async () => {
    const opened = await openUploads();
    const told = async (rest: Partial<UploadedObject>) => (await upload(opened, describeUpload('a', 10, rest))).deviations;
    expect(await told({ userMetadata: '[1]' })).toEqual([
      'its user metadata is no JSON object, and the Storage API takes no other',
    ]);
    expect(await told({ userMetadata: '{"a":12345678901234567890}' })).toEqual([
      'a number in its user metadata (12345678901234567890) is stored as JavaScript writes it',
    ]);
    expect(await told({ contentType: 'nonsense', cacheControl: 'no-store' })).toEqual([
      'its cache-control (no-store) cannot be kept in the only kind of upload that takes its name, type or size',
    ]);
    expect(await told({ contentType: undefined, cacheControl: undefined })).toEqual([]);
    expect((await readRow(opened, 'a')).metadata).toMatchObject({
      mimetype: 'application/octet-stream',
      cacheControl: 'no-cache',
    });
  });
});

describe('the address of a resumable upload', () => {
  async function uploadTo(location: (host: string) => string) {
    const server = await startHttpServer((request, response) => {
      if (request.method === 'POST') response.writeHead(201, { location: location(request.headers.host!) }).end();
      else {
        request.resume().on('end', () => {
          const offset = Number(request.headers['upload-offset']) + Number(request.headers['content-length']);
          response.writeHead(204, { 'upload-offset': offset }).end();
        });
      }
    });
    const size = portion + 1;
    const store = openStore(server.url, 'eyJhbGciOiJIUzI1NiJ9.e30.not-a-real-one');
    const uploading = store.upload(describeUpload('a', size), inPieces(bytesOf(size)), new AbortController().signal);
    return { uploading, requests: server.requests };
  }

  test.for<[string, (host: string) => string]>([
    ['a whole address', (host) => `http://${host}/storage/v1/upload/resumable/YQ`],
    ['another scheme', (host) => `https://${host}/storage/v1/upload/resumable/YQ`],
    ['an absolute path', () => '/storage/v1/upload/resumable/YQ'],
    ['a relative path', () => 'resumable/YQ'],
  ])('may be %s', async ([, location]) => {
    const { uploading, requests } = await uploadTo(location);
    expect(await uploading).toEqual({ deviations: [] });
    expect(requests.map(({ url }) => url?.slice('/storage/v1/'.length))).toEqual([
      'upload/resumable',
      'upload/resumable/YQ',
      'upload/resumable/YQ',
    ]);
  });

  test.for<[string, (host: string) => string]>([
    ['another host', () => 'https://elsewhere.invalid/storage/v1/upload/resumable/YQ'],
    ['another service', (host) => `http://${host}/rest/v1/YQ`],
    ['no address', () => 'http://'],
  ])('is not followed to %s', async ([, location]) => {
    const { uploading, requests } = await uploadTo(location);
    expect(await failureOf(uploading)).toMatchObject({ failure: 'invalid' });
    expect(requests).toHaveLength(1);
  });
});
