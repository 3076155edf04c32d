import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseEnvText } from '../../../src/config/env-file.ts';
import { databaseSchema, projectSchema, storageSchema } from '../../../src/config/schema.ts';
import type { Variable } from '../../../src/config/variable.ts';
import { variableList, variables } from '../../../src/config/variables.ts';

const path = new URL('../../../.env.example', import.meta.url);

/** `.env.example` as it follows from the table of variables; `npx vitest run --project unit -u` writes it. */
function render(): string {
  const blocks = [
    '# Configuration of supabase-backup-agent. Copy it to .env, or to /etc/supabase-backup/NAME.env for --project NAME, and',
    '# chmod 600 it. Lines with a # before the name show the default or an example.',
    '#',
    "# Put values with spaces, # or quotes into single quotes: in '...' every character stands for itself; a value with single",
    '# quotes goes into `...`. Each secret can also be given as NAME_FILE (a file that holds it; %d/x is the credential x of a',
    '# systemd unit, docs/install.md) or NAME_COMMAND (a shell command that prints it, such as `pass show backup/shop`). A',
    '# variable of the environment counts before the same one in .env.',
  ];
  let section = '';
  for (const variable of variableList) {
    if (variable.section !== section) blocks.push('', `# ---- ${variable.section} ----`);
    section = variable.section;
    blocks.push(
      '',
      ...wrap(describe(variable)),
      `${variable.required === true ? '' : '#'}${variable.name}=${valueOf(variable)}`,
    );
  }
  return `${blocks.join('\n')}\n`;
}

function describe({ description, secret, defaultValue }: Variable): string {
  const notes = [...(secret === true ? ['Secret.'] : []), ...(defaultValue === undefined ? [] : [`Default: ${defaultValue}.`])];
  return [description, ...notes].join(' ');
}

function valueOf({ defaultValue, example }: Variable): string {
  const value = defaultValue ?? example ?? '';
  return value.includes(' ') ? `'${value}'` : value;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= 120) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

test('it says what the table of variables says', async () => {
  await expect(render()).toMatchFileSnapshot(path.pathname);
});

test('it names every variable exactly once, and no other', async () => {
  const names = [...(await readFile(path, 'utf8')).matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(names).toEqual(Object.keys(variables));
});

test('it can be read, as it is and with every line in use, without a complaint', async () => {
  const text = await readFile(path, 'utf8');
  for (const version of [text, text.replaceAll(/^#([A-Z_]+=)/gm, '$1')]) {
    const { problems, warnings } = parseEnvText(version);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  }
});

test('its examples are valid; of the required ones only the secrets are left to fill in', async () => {
  const { values } = parseEnvText((await readFile(path, 'utf8')).replaceAll(/^#([A-Z_]+=)/gm, '$1'));
  expect(databaseSchema.safeParse(values).success).toBe(true);
  expect(storageSchema.safeParse(values).success).toBe(true);
  const result = projectSchema.safeParse(values);
  expect(result.error?.issues.map(({ path: [name], message }) => `${String(name)} ${message}`)).toEqual([
    'BORG_PASSPHRASE is missing',
  ]);
});

test('each field of the schemas is described as in the table', () => {
  const fields = { ...databaseSchema.shape, ...storageSchema.shape, ...projectSchema.shape };
  for (const [name, field] of Object.entries(fields)) {
    expect(field.description).toBe(variables[name as keyof typeof variables].description);
  }
  const own = Object.keys(variables).filter((name) => !name.startsWith('TEST_'));
  expect(Object.keys(fields).toSorted()).toEqual(own.toSorted());
});

test('the block for a second project has the variables of a target', () => {
  const target = Object.keys(variables).filter((name) => name.startsWith('TEST_'));
  const names = [...Object.keys(databaseSchema.shape), ...Object.keys(storageSchema.shape), 'PROJECT_NAME', 'RESTORE_ALLOWED'];
  expect(target.toSorted()).toEqual(names.map((name) => `TEST_${name}`).toSorted());
});
