import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEnvText, readEnvFile } from '../../../src/config/env-file.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

describe('passwords in an env file', () => {
  test.each([
    [`SUPABASE_DB_PASSWORD=plain`, 'plain'],
    [`SUPABASE_DB_PASSWORD='a#b $c "d" \\n \`e\`'`, 'a#b $c "d" \\n `e`'],
    [`SUPABASE_DB_PASSWORD="it's #1"`, "it's #1"],
    ['SUPABASE_DB_PASSWORD=`it\'s "quoted"`', `it's "quoted"`],
    [`SUPABASE_DB_PASSWORD=a$b\${c}`, 'a$b${c}'],
    [`SUPABASE_DB_PASSWORD=a=b==`, 'a=b=='],
    [`SUPABASE_DB_PASSWORD=a\\b`, 'a\\b'],
    [`SUPABASE_DB_PASSWORD=a'b"c`, `a'b"c`],
    [`  export SUPABASE_DB_PASSWORD = 'x'  # old one`, 'x'],
    [`SUPABASE_DB_PASSWORD=x # a comment`, 'x'],
    [`SUPABASE_DB_PASSWORD='two\nlines # no comment'\n#SUPABASE_DB_PASSWORD=y`, 'two\nlines # no comment'],
    [`\uFEFFSUPABASE_DB_PASSWORD=x\r\nPROJECT_NAME=shop\r\n`, 'x'],
  ])('%j', (text, password) => {
    const { values, problems, warnings } = parseEnvText(text);
    expect(values['SUPABASE_DB_PASSWORD']).toBe(password);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['a#b', 'holds a #'],
    ['#ab', 'holds a #'],
    ['a#b #c', 'holds a #'],
    [`'a'b'`, 'goes on after its closing quote'],
    [`"a"b#"`, 'goes on after its closing quote'],
    [`'a`, 'begins with a quote that is never closed'],
    ['`a', 'begins with a quote that is never closed'],
  ])('%s would be cut short, which is told and not done', (value, problem) => {
    const { problems } = parseEnvText(`PROJECT_NAME=shop\nSUPABASE_DB_PASSWORD=${value}\nSTATE_DIR=/x`);
    expect(problems).toEqual([{ name: 'SUPABASE_DB_PASSWORD', text: expect.stringContaining(problem) as string }]);
  });

  test('a password in single quotes comes out as it went in, or a problem tells why not', () => {
    const property = fc.property(
      fc.string({ unit: 'binary' }).filter((text) => !/[\r\uFEFF]/.test(text)),
      (password) => {
        const { values, problems } = parseEnvText(`SUPABASE_DB_PASSWORD='${password}'\nPROJECT_NAME=shop\n`);
        if (problems.length === 0) expect(values['SUPABASE_DB_PASSWORD'] ?? '').toBe(password);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  test('a password without quotes comes out as it went in, or a problem tells why not', () => {
    const words = fc.string().filter((text) => text === text.trim() && !/^['"`]|\s#/.test(text));
    const property = fc.property(words, (password) => {
      const { values, problems } = parseEnvText(`SUPABASE_DB_PASSWORD=${password}\nPROJECT_NAME=shop\n`);
      if (problems.length === 0)
        expect(values).toEqual({ ...(password === '' ? {} : { SUPABASE_DB_PASSWORD: password }), PROJECT_NAME: 'shop' });
    });
    fc.assert(property, { numRuns: 5000 });
  });
});

test('what is set to nothing is not set', () => {
  expect(parseEnvText('BORG_RSH=\nPROJECT_NAME=""\nSTATE_DIR=   \n').values).toEqual({});
});

describe('names that mean nothing', () => {
  test.each([
    [
      'METRICS_LISTEN=9765',
      'METRICS_LISTEN is a variable of the long-running agent and not of a project: it belongs into its unit (docs/service.md)',
    ],
    ['RETENTION_DAY=3', 'RETENTION_DAY is not a variable of this program: did you mean RETENTION_DAYS?'],
    ['SUPABASE_DB_UR=x', 'SUPABASE_DB_UR is not a variable of this program: did you mean SUPABASE_DB_URL?'],
    ['BORG_PASSPHRASE_FIL=x', 'BORG_PASSPHRASE_FIL is not a variable of this program: did you mean BORG_PASSPHRASE_FILE?'],
    ['BORG_REPO_FILE=x', 'BORG_REPO_FILE is not a variable of this program'],
    ['BORG_HOSTNAME_IS_UNIQUE=x', 'BORG_HOSTNAME_IS_UNIQUE is not a variable of this program'],
  ])('%s', (text, warning) => {
    expect(parseEnvText(text).warnings).toEqual([warning]);
  });

  test('other prefixes are none of our business, and neither is what is known', () => {
    expect(parseEnvText('DATABASE_URL=x\nNODE_ENV=y\nTEST_SUPABASE_DB_URL_COMMAND=z').warnings).toEqual([]);
  });
});

describe('the file', () => {
  test('that every user can read is warned of', async () => {
    const path = join(await createTemporaryDirectory(), 'shop.env');
    await writeFile(path, 'PROJECT_NAME=shop');
    await chmod(path, 0o644);
    expect((await readEnvFile(path))?.warnings).toEqual([
      `${path} can be read by every user of this machine: chmod 600 ${path}`,
    ]);
    await chmod(path, 0o640);
    expect((await readEnvFile(path))?.warnings).toEqual([]);
  });

  test('that is not there is none', async () => {
    expect(await readEnvFile(join(await createTemporaryDirectory(), 'shop.env'))).toBeUndefined();
  });

  test('that cannot be read is an error', async () => {
    await expect(readEnvFile(await createTemporaryDirectory())).rejects.toMatchObject({ code: 'configuration' });
  });
});
