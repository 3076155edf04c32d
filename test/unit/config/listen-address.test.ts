import { expect, test } from 'vitest';
import { parseListenAddress } from '../../../src/config/listen-address.ts';

test.each([
  ['9765', '127.0.0.1', 9765],
  ['0.0.0.0:9765', '0.0.0.0', 9765],
  ['monitor-1.lan:80', 'monitor-1.lan', 80],
  ['[::1]:9765', '::1', 9765],
  ['[::]:65535', '::', 65_535],
  ['localhost:0', 'localhost', 0],
])('%s is %s, port %d', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
});

test.each([
  '',
  ' ',
  ':9765',
  '65536',
  '123456',
  'localhost',
  'localhost:',
  '::1:9765',
  '[::1]',
  '[localhost]:1',
  '[]:1',
  'a b:1',
  'http://x:1',
  '-a:1',
  '1.5',
  '-1',
  '9765\n',
])('%j is no address', (text) => {
  expect(parseListenAddress(text)).toBeUndefined();
});
