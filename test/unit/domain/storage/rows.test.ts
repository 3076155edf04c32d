import { expect, test } from 'vitest';
import { parseObjectRow, settingsOfRow } from '../../../../src/domain/storage/rows.ts';

test('a row of an older Storage, which knows no user metadata, is one as well', () => {
  const row = { id: '1', bucket_id: 'docs', name: 'a', version: 'one', updated_at: '2023-01-01T00:00:00+00:00' };
  const metadata = { eTag: '"e"', mimetype: 'image/png', cacheControl: 'no-cache', size: 3 };
  const { user_metadata: userMetadata, ...parsed } = parseObjectRow(JSON.stringify({ ...row, metadata }));
  expect(parsed).toMatchObject({ version: 'one', metadata: { mimetype: 'image/png', cacheControl: 'no-cache' } });
  expect(userMetadata).toBeUndefined();
});

test('metadata that somebody has written in another shape is as good as none', () => {
  expect(parseObjectRow('{"version":null,"metadata":"text","user_metadata":[1]}')).toEqual({
    version: null,
    metadata: null,
    user_metadata: [1],
  });
  expect(parseObjectRow('{"metadata":{"eTag":7,"mimetype":"a/b"}}').metadata).toMatchObject({ eTag: null, mimetype: 'a/b' });
});

test('what a bucket does not say of itself is as a new bucket has it', () => {
  expect(settingsOfRow('{"id":"docs"}')).toEqual({ public: false, fileSizeLimit: null, allowedMimeTypes: null });
  expect(settingsOfRow('{"id":"docs","public":true,"file_size_limit":5,"allowed_mime_types":["image/png"]}')).toEqual({
    public: true,
    fileSizeLimit: 5,
    allowedMimeTypes: ['image/png'],
  });
  expect(() => settingsOfRow('{"public":true}')).toThrow();
});
