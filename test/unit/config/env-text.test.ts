import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEnvText } from '../../../src/config/env-file.ts';
import { formatEnvText } from '../../../src/config/env-text.ts';
import { AppError } from '../../../src/errors.ts';
import { variableList, type VariableName } from '../../../src/config/variables.ts';

test('values stand in the order of the table, in the plainest quotes that hold them', () => {
  const values = new Map<VariableName, string>([
    ['BORG_PASSPHRASE', `it's "all" #1`],
    ['PROJECT_NAME', 'shop'],
    ['SUPABASE_DB_URL', 'postgresql://postgres@127.0.0.1:5432/shop'],
    ['BORG_REPO', '/var/backups/with space'],
    ['BORG_RSH', `sh -c 'a \`b\`'`],
  ]);
  expect(formatEnvText(values)).toBe(`# ---- The project ----
PROJECT_NAME=shop

# ---- The database to back up ----
SUPABASE_DB_URL=postgresql://postgres@127.0.0.1:5432/shop

# ---- The Borg repository ----
BORG_REPO='/var/backups/with space'
BORG_PASSPHRASE=\`it's "all" #1\`
BORG_RSH="sh -c 'a \`b\`'"
`);
});

/** Whatever people, and password managers, come up with: mostly the characters that mean something to the parser. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from(`'"\`#$\\ =\n\t\r{}ab!`)), minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({ minLength: 1 }),
);

test('whatever is written is read back exactly, or refused by name', () => {
  let written = 0;
  const names = fc.constantFrom(...variableList.map(({ name }) => name));
  const property = fc.property(fc.array(fc.tuple(names, text), { minLength: 1, maxLength: 6 }), (entries) => {
    const values = new Map(entries);
    let file: string;
    try {
      file = formatEnvText(values);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toBe('configuration');
      return;
    }
    const { values: read, problems } = parseEnvText(file);
    expect(problems).toEqual([]);
    expect(new Map(Object.entries(read))).toEqual(values);
    written += 1;
  });
  fc.assert(property, { numRuns: 2000 });
  expect(written).toBeGreaterThan(500);
});

test('everything without a line end and without all three quotes can be written', () => {
  const lines = text.filter((value) => !/[\r\n]/.test(value) && value.isWellFormed());
  const property = fc.property(lines, (value) => {
    if (["'", '"', '`'].every((quote) => value.includes(quote))) return;
    const { values } = parseEnvText(formatEnvText(new Map([['BORG_PASSPHRASE', value]])));
    expect(values['BORG_PASSPHRASE']).toBe(value);
  });
  fc.assert(property, { numRuns: 2000 });
});

test.each([
  ['a\rb', 'it holds a carriage return'],
  ['', 'it is empty'],
  ['a\uD800', 'it is no text in Unicode'],
  [` '"\``, 'it holds all three quotes'],
])('%j is refused, and not quoted', (value, reason) => {
  const write = () => formatEnvText(new Map([['BORG_PASSPHRASE', value]]));
  expect(write).toThrow(`BORG_PASSPHRASE cannot stand in an env file: ${reason}`);
});
