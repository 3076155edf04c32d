import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnknownTimeout, setsUnknownTimeout, withoutUnknownTimeout } from '../../../src/apply/older-target.ts';
import type { PostgresPrograms } from '../../../src/context.ts';

/** What `pg_restore --single-transaction --file=-` 17.12 prints of a dump that pg_dump 17.12 made of a server 15.18. */
const head = String.raw`--
-- PostgreSQL database dump
--

\restrict nMkb16SY76uRuYTgrDaELbc6VpEgeuYXaQdBzwxnkg5Mi30EjuqIZOmUkyvllxm

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 17.12 (Debian 17.12-0+deb13u1)

BEGIN;

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
`;
const mended = head.replace('SET transaction_timeout = 0;\n', '');
const rows = 'COPY public.notes (text) FROM stdin;\nSET transaction_timeout = 0;\n\\.\n';

async function filter(sql: string, chunkBytes: number): Promise<string> {
  const bytes = Buffer.from(sql);
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunks = Array.from({ length: count }, (_, index) => bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes));
  return text(Readable.from(chunks).pipe(withoutUnknownTimeout()));
}

describe('SQL for a server before 17', () => {
  test('has everything but that one statement, however it is cut; a row with the same words stays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (chunkBytes) => {
        expect(await filter(head + rows, chunkBytes)).toBe(mended + rows);
      }),
    );
  });

  test('without that statement stays as it is, short or long', async () => {
    expect(await filter(mended, 100)).toBe(mended);
    const long = `${mended}${'-- more\n'.repeat(20_000)}${rows}`;
    expect(await filter(long, 10_000)).toBe(long);
    expect(await filter('', 1)).toBe('');
  });
});

test.each([
  [17, 15, true],
  [18, 16, true],
  [17, 17, false],
  [16, 15, false],
])('pg_restore %i and a server %i: %s', (major, targetMajor, expected) => {
  expect(setsUnknownTimeout({ programs: { major } as PostgresPrograms, targetMajor })).toBe(expected);
});

test('what pg_restore 17 says of it is told from every other failure', () => {
  const said = 'pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"';
  expect(isUnknownTimeout(said)).toBe(true);
  expect(isUnknownTimeout('pg_restore: error: could not execute query: ERROR:  relation "notes" already exists')).toBe(false);
});
