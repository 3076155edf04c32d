import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteLiteral } from '../../../src/domain/sql.ts';
import { dollarTag, parseSkipped, tolerateFailure } from '../../../src/domain/tolerant.ts';

/** Texts that are full of what could be taken for the end of a quote. */
const texts = fc.oneof(
  fc.string(),
  fc
    .array(fc.constantFrom('$agent$', '$agent1$', '$agent', '$', 'agent2$', "'", '\\', '\n', 'END', '$$'), { maxLength: 12 })
    .map((parts) => parts.join('')),
);

test('a dollar quote ends nowhere within its text', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const tag = dollarTag(text);
      expect(tag).toMatch(/^\$agent\d*\$$/);
      expect(`${tag}\n${text}\n${tag}`.indexOf(tag, 1)).toBe(tag.length + text.length + 2);
    }),
  );
});

test('a statement is wrapped whole, whatever it holds', () => {
  fc.assert(
    fc.property(texts, texts, (what, sql) => {
      const wrapped = tolerateFailure(what, sql);
      const [, tag, body] = /^DO (\$agent\d*\$)\n([^]*)\n\1;\n$/.exec(wrapped)!;
      expect(body).not.toContain(tag);
      expect(body).toContain(`EXECUTE ${quoteLiteral(sql)};`);
      expect(body).toContain(`'what', ${quoteLiteral(what)}, `);
    }),
  );
});

test.each([
  [
    'psql',
    'psql:restore.sql:12: WARNING:  supabase-backup-agent skipped: {"what" : "index a in schema b", "error" : "must be owner"}',
    { what: 'index a in schema b', error: 'must be owner' },
  ],
  [
    'pg_restore',
    String.raw`pg_restore: WARNING:  supabase-backup-agent skipped: {"what":"comment on \"x\"\n","error":"it\\'s: gone"}`,
    { what: 'comment on "x"\n', error: String.raw`it\'s: gone` },
  ],
  [
    'a line that was cut short',
    'WARNING:  supabase-backup-agent skipped: {"what" : "ind',
    { what: 'a statement', error: '{"what" : "ind' },
  ],
  ['any other warning', 'WARNING:  there is no transaction in progress', undefined],
])('what was skipped is read from %s', (_, line, expected) => {
  expect(parseSkipped(line)).toEqual(expected);
});
