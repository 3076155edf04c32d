import fc from 'fast-check';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { parseSkipped, tolerateFailure } from '../../src/domain/tolerant.ts';
import { createTestDatabase } from '../helpers/database.ts';

/** Everything but NUL, which no text of PostgreSQL holds, and what would end a quote. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc
    .array(fc.constantFrom('$agent$', '$agent1', '$', "'", '\\', '\n', '"', 'END;', '%'), { maxLength: 12 })
    .map((parts) => parts.join('')),
);

test('what failed is told in one line, and nothing else of the transaction is lost', async () => {
  const { config } = await createTestDatabase();
  const { host, port, user, database, password } = config;
  const client = new Client({ host, port, user, database, password: password!.reveal() });
  await client.connect();
  onTestFinished(() => client.end());
  const warnings: string[] = [];
  client.on('notice', ({ message }) => warnings.push(message!));
  await client.query('BEGIN; CREATE TABLE kept (text text)');

  await fc.assert(
    fc.asyncProperty(texts, texts, async (what, text) => {
      warnings.length = 0;
      const literal = client.escapeLiteral(text);
      await client.query(tolerateFailure(what, `INSERT INTO kept VALUES (${literal}); SELECT nothing`));
      expect(warnings).toEqual([expect.not.stringContaining('\n')]);
      expect(parseSkipped(`psql:a.sql:1: WARNING:  ${warnings[0]}`)).toEqual({
        what,
        error: 'column "nothing" does not exist',
      });
      await client.query(tolerateFailure(what, `INSERT INTO kept VALUES (${literal})`));
      expect(warnings).toHaveLength(1);
      expect((await client.query('DELETE FROM kept RETURNING text')).rows).toEqual([{ text }]);
    }),
  );
});
