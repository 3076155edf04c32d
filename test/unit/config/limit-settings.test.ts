import { expect, test } from 'vitest';
import { z } from 'zod';
import { limitShape, toLimitConfig } from '../../../src/config/limit-settings.ts';

const schema = z.object(limitShape);

test('half an hour of standstill and 22 hours of a run are allowed unless something else is said', () => {
  expect(toLimitConfig(schema.parse({}))).toEqual({ stallMs: 1_800_000, runMs: 79_200_000 });
});

test.each([
  ['90s', 90_000],
  [' 2H ', 7_200_000],
  ['off', undefined],
  ['OFF', undefined],
])('STALL_LIMIT=%s', (text, stallMs) => {
  expect(toLimitConfig(schema.parse({ STALL_LIMIT: text })).stallMs).toBe(stallMs);
});

test.each(['soon', '10', '8d', '-1s', '1.5h'])('RUN_LIMIT=%s is refused, with what is wanted', (text) => {
  expect(schema.safeParse({ RUN_LIMIT: text }).error?.issues).toMatchObject([
    { path: ['RUN_LIMIT'], message: 'has to be a time from 1s to 7d with its unit (90s, 30m, 2h), or off' },
  ]);
});
