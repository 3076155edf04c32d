// What test/helpers/storage-server has to answer like the real Storage API: uploads by form. Run it against a real one, after changes
// there or here, as test/helpers/storage-subject.ts tells.
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStorageSubject, type StorageSubject } from '../../helpers/storage-subject.ts';

let storage: StorageSubject;
let docs: string;
beforeAll(async () => {
  storage = await openStorageSubject();
  docs = await storage.createBucket({ file_size_limit: 20_000_000 });
});
afterAll(() => storage.close());

test('an upload by form, as the client of Supabase sends it', async () => {
  const client = createClient(storage.url, storage.key).storage.from(docs);
  const options = { cacheControl: '60', metadata: { via: 'form' }, contentType: 'text/css' };
  const { error } = await client.upload('form/one', new Blob(['form body'], { type: 'text/plain' }), options);
  expect(error).toBeNull();
  const metadata = { size: 9, mimetype: 'text/plain', cacheControl: 'max-age=60' };
  expect(await storage.row(docs, 'form/one')).toMatchObject({ user_metadata: { via: 'form' }, metadata });
  const again = await client.upload('form/one', new Blob(['x']), {});
  expect(again.error).toMatchObject({ message: 'The resource already exists', statusCode: '409' });
  expect((await client.upload('form/one', new Blob(['x']), { upsert: true })).error).toBeNull();
  const listed = await client.list('form');
  expect(listed.data).toMatchObject([{ name: 'one', metadata: { size: 1, mimetype: 'application/octet-stream' } }]);
  const { data } = await client.download('form/one');
  expect(await data!.text()).toBe('x');
  expect((await client.remove(['form/one'])).data).toMatchObject([{ name: 'form/one', bucket_id: docs }]);
});

test('what a form can and cannot say', async () => {
  const sendForm = async (name: string, fields: Record<string, string>, file: string | undefined = 'x') => {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    if (file !== 'none') form.append('', new File([file], 'local.txt', { type: 'text/plain' }));
    const headers = {
      authorization: `Bearer ${storage.key}`,
      'x-metadata': Buffer.from('{"h":1}').toString('base64'),
      'cache-control': 'max-age=5',
    };
    const answer = await fetch(`${storage.url}/storage/v1/object/${docs}/${name}`, { method: 'POST', headers, body: form });
    return { status: answer.status, json: await answer.json() };
  };
  await sendForm('f1', { cacheControl: 'max-age=60', contentType: 'image/png', userMetadata: '{"u":1}' });
  const metadata = { cacheControl: 'max-age=max-age=60', mimetype: 'image/png' };
  expect(await storage.row(docs, 'f1')).toMatchObject({ user_metadata: { u: 1 }, metadata });
  await sendForm('f2', { metadata: '{"a":' }, '');
  expect(await storage.row(docs, 'f2')).toMatchObject({ user_metadata: {}, metadata: { size: 0, cacheControl: 'no-cache' } });
  // After a small file, the service sees them or not.
  const late = new FormData();
  late.append('', new File([new Uint8Array(5_000_000)], 'local.bin', { type: 'text/plain' }));
  late.append('cacheControl', '77');
  late.append('metadata', '{"late":1}');
  const headers = { authorization: `Bearer ${storage.key}` };
  await fetch(`${storage.url}/storage/v1/object/${docs}/late`, { method: 'POST', headers, body: late });
  expect(await storage.row(docs, 'late')).toMatchObject({
    user_metadata: {},
    metadata: { size: 5_000_000, cacheControl: 'no-cache' },
  });
  const long = (length: number) => JSON.stringify({ s: 'x'.repeat(length - 8) });
  await sendForm('f3', { metadata: long(1_048_576) });
  expect(Object.keys((await storage.row(docs, 'f3'))!.user_metadata as object)).toEqual(['s']);
  expect((await sendForm('f4', { metadata: long(1_048_577) })).status).toBe(200);
  expect((await storage.row(docs, 'f4'))!.user_metadata).toEqual({});
  const noContent = { statusCode: '400', error: 'InvalidRequest', message: 'No content provided', code: 'InvalidRequest' };
  expect(await sendForm('f5', { cacheControl: '1' }, 'none')).toEqual({ status: 400, json: noContent });
});
