import { describe, expect, test } from 'vitest';
import type { StorageFailure } from '../../../src/domain/storage/storage-error.ts';
import { parseRetryAfter, toStorageError, toTransportError } from '../../../src/tools/supabase/failures.ts';

/** What a status and a body mean; the bodies are those of the real Storage API, of gateways and of proxies. */
const answers: [number, unknown, StorageFailure][] = [
  [400, { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' }, 'missing'],
  [400, { statusCode: '404', error: 'not_found', message: 'Object not found' }, 'missing'],
  [400, { statusCode: '404', error: 'Bucket not found', message: 'Bucket not found', code: 'NoSuchBucket' }, 'missing'],
  [400, { statusCode: '404', error: 'Not found', message: 'The resource was not found', code: 'NoSuchKey' }, 'missing'],
  [404, { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' }, 'missing'],
  // Nobody who knows objects has answered.
  [404, { message: 'Route GET:/nothing not found', error: 'Not Found', statusCode: 404 }, 'transient'],
  [404, { message: 'no Route matched with those values' }, 'transient'],
  [404, '<html>', 'transient'],
  [400, { statusCode: '403', error: 'Unauthorized', message: 'Invalid Compact JWS', code: 'AccessDenied' }, 'refused'],
  [400, { statusCode: '400', error: 'InvalidJWT', message: 'jwt expired' }, 'refused'],
  [
    400,
    {
      statusCode: '400',
      error: 'Error',
      message: "headers must have required property 'authorization'",
      code: 'InvalidRequest',
    },
    'refused',
  ],
  [401, { message: 'Unauthorized' }, 'refused'],
  [403, '', 'refused'],
  [402, 'exceed_egress_quota', 'refused'],
  [301, '', 'refused'],
  [400, { statusCode: '400', error: 'InvalidKey', message: 'Invalid key: n/é.txt', code: 'InvalidKey' }, 'invalid'],
  [400, { error: 'Bad Request', code: 'FST_ERR_BAD_URL', message: 'bad', statusCode: 400 }, 'invalid'],
  [400, 'what?', 'invalid'],
  [416, { statusCode: '416', error: 'invalid_range', message: 'invalid range provided', code: 'InvalidRange' }, 'invalid'],
  [400, { statusCode: '503', error: 'LockTimeout', message: 'lock timeout' }, 'transient'],
  [400, { statusCode: '423', error: 'ResourceLocked', message: 'locked' }, 'transient'],
  [429, { statusCode: '429', error: 'too_many_connections', message: 'slow down', code: 'SlowDown' }, 'transient'],
  [500, { statusCode: '500', error: 'Internal', message: 'Internal Server Error', code: 'InternalError' }, 'transient'],
  [502, '<html>', 'transient'],
  [544, { statusCode: '544', error: 'DatabaseTimeout', message: 'timeout' }, 'transient'],
  [206, 'part', 'transient'],
];

test.each(answers)('%d with %j', (status, body, failure) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const error = toStorageError({ what: 'docs/a', status, contentType: 'text/html', body: text, retryAfterMs: undefined });
  expect(error.failure).toBe(failure);
});

test('a message names what was asked for, and what the server says, on one line', () => {
  const refusal = { what: 'docs/a', status: 400, contentType: 'application/json', retryAfterMs: 5 };
  const body = JSON.stringify({ statusCode: '404', error: 'not_found', message: `gone\n\u001b[2J${'x'.repeat(1000)}` });
  const error = toStorageError({ ...refusal, body });
  expect(error.message).toMatch(/^docs\/a: the server answered 404: gone \[2Jx+$/);
  expect(error.message.length).toBeLessThan(400);
  expect(error.retryAfterMs).toBe(5);
  expect(toStorageError({ ...refusal, status: 502, contentType: 'text/html', body: '<html>' }).message).toBe(
    'docs/a: the server answered HTTP 502 with a web page, which is not what the Storage API says.',
  );
});

test('a connection that fails is told in words', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  expect(toTransportError('docs/a', reset)).toMatchObject({
    failure: 'transient',
    message: 'docs/a: the connection was reset.',
    cause: reset,
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  test.each([
    [undefined, undefined, undefined],
    ['7', undefined, 7000],
    [' 0 ', undefined, 0],
    ['Sat, 21 Nov 2026 12:00:30 GMT', undefined, 30_000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 'Sat, 21 Nov 2026 12:00:20 GMT', 10_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', undefined, 0],
    ['soon', undefined, undefined],
    ['-5', undefined, undefined],
  ])('%s (the server has %s) is %s ms', (value, date, expected) => {
    expect(parseRetryAfter(value, date, now)).toBe(expected);
  });
});
