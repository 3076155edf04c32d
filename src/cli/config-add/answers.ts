import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseConnectionUrl } from '../../config/connection-url.ts';
import { createProblems, throwProblems } from '../../config/problems.ts';
import { readSecretFile } from '../../config/secrets.ts';
import { fetchValues, findSources, toLayers } from '../../config/sources.ts';
import type { Variable } from '../../config/variable.ts';
import { variables, type VariableName } from '../../config/variables.ts';
import { AppError } from '../../errors.ts';
import type { Shell } from '../shell.ts';

/** What is to stand in the new file, and who said so. */
export type Answers = Map<VariableName, Answer>;

export interface Answer {
  readonly value: string;
  /** `made` is what a random generator said. */
  readonly source: 'option' | 'environment' | 'asked' | 'made';
}

export interface AnswerOptions {
  readonly projectRef?: string;
  readonly dbUrl?: string;
  readonly dbUrlFile?: string;
  readonly dbHost?: string;
  readonly dbCaFile?: string;
  readonly dbPasswordFile?: string;
  readonly supabaseUrl?: string;
  readonly serviceRoleKeyFile?: string;
  readonly repository?: string;
  readonly passphraseFile?: string;
  readonly makePassphrase?: boolean;
  readonly set?: readonly string[];
}

/** What may come from the environment: the rest of it may be meant for other programs, or other projects. */
const fromEnvironment: readonly VariableName[] = [
  'SUPABASE_DB_URL',
  'SUPABASE_PROJECT_REF',
  'SUPABASE_DB_PASSWORD',
  'SUPABASE_DB_HOST',
  'SUPABASE_DB_CA_FILE',
  'SUPABASE_SERVICE_ROLE_KEY',
  'SUPABASE_SECRET_KEY',
  'SUPABASE_URL',
  'BORG_REPO',
  'BORG_PASSPHRASE',
  'BORG_RSH',
  'BORG_REMOTE_PATH',
];

/**
 * What the options and the environment say; an option counts before a variable. The environment may name files and commands, too
 * (SUPABASE_DB_PASSWORD_FILE, ..._COMMAND): what they hold is taken. Throws AppError usage or configuration.
 */
export async function readAnswers(shell: Shell, name: string, options: AnswerOptions): Promise<Answers> {
  const given = await readOptions(shell, options);
  // Another way to the database takes the place of all that the environment says of it but the password.
  const other = given.has('SUPABASE_DB_URL') ? 'SUPABASE_PROJECT_REF' : 'SUPABASE_DB_URL';
  const isOther = given.has('SUPABASE_DB_URL') || given.has('SUPABASE_PROJECT_REF');
  const environment = await readEnvironment(
    shell,
    fromEnvironment.filter((variable) => !given.has(variable) && !(isOther && variable === other)),
  );
  const all: Answers = new Map([...environment, ...given]);
  if (!all.has('PROJECT_NAME')) all.set('PROJECT_NAME', { value: name, source: 'option' });
  return all;
}

/** 256 bits, without a character that a shell, an env file or a tired person takes for another thing. */
export function makePassphrase(): Answer {
  return { value: randomBytes(32).toString('base64url'), source: 'made' };
}

async function readEnvironment(shell: Shell, names: readonly VariableName[]): Promise<Answers> {
  const layers = toLayers(undefined, { values: shell.environment, directory: shell.workingDirectory }, undefined);
  const { sources, ambiguous } = findSources(layers);
  const problems = createProblems();
  for (const problem of ambiguous) if (names.some((name) => name === problem.name)) problems.add(problem.name, problem.text);
  const values = await fetchValues(sources, { names, environment: shell.environment, problems });
  throwProblems(problems, 'environment', []);
  return new Map([...values].map(([name, value]) => [name, { value, source: 'environment' }]));
}

async function readOptions(shell: Shell, options: AnswerOptions): Promise<Answers> {
  refuseSecrets(options);
  const plain: readonly (readonly [VariableName, string | undefined])[] = [
    ['SUPABASE_PROJECT_REF', options.projectRef],
    ['SUPABASE_DB_URL', options.dbUrl],
    ['SUPABASE_DB_HOST', options.dbHost],
    ['SUPABASE_DB_CA_FILE', options.dbCaFile],
    ['SUPABASE_URL', options.supabaseUrl],
    ['BORG_REPO', options.repository],
    ...(options.set ?? []).map(parseAssignment),
  ];
  const answers: Answers = new Map();
  for (const [name, value] of plain) {
    if (value !== undefined) answers.set(name, { value: toValue(shell, name, value), source: 'option' });
  }
  for (const [name, value] of await readSecrets(shell, options)) answers.set(name, { value, source: 'option' });
  if (options.makePassphrase === true) answers.set('BORG_PASSPHRASE', makePassphrase());
  return answers;
}

/** A relative path means one thing here, and would mean another in the file. */
function toValue(shell: Shell, name: VariableName, value: string): string {
  const variable: Variable = variables[name];
  return variable.path === true ? resolve(shell.workingDirectory, value) : value;
}

function parseAssignment(text: string): readonly [VariableName, string] {
  const separator = text.indexOf('=');
  const name = text.slice(0, Math.max(0, separator));
  if (separator < 1 || !Object.hasOwn(variables, name)) {
    throw refuse(
      `--set ${separator < 0 ? text : name} names no variable`,
      'Write --set NAME=VALUE; .env.example describes them all.',
    );
  }
  const variable: Variable = variables[name as VariableName];
  if (variable.secret === true) {
    throw refuse(
      `--set ${name} would show a secret to every user of this machine`,
      `Set ${name} in the environment, or ${name}_FILE.`,
    );
  }
  return [name as VariableName, text.slice(separator + 1)];
}

async function readSecrets(shell: Shell, options: AnswerOptions): Promise<readonly (readonly [VariableName, string])[]> {
  const files = (
    [
      ['SUPABASE_DB_URL', options.dbUrlFile],
      ['SUPABASE_DB_PASSWORD', options.dbPasswordFile],
      ['SUPABASE_SERVICE_ROLE_KEY', options.serviceRoleKeyFile],
      ['BORG_PASSPHRASE', options.passphraseFile],
    ] as const
  ).filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== undefined);
  if (files.filter(([, path]) => path === '-').length > 1) {
    throw refuse('Standard input (-) can be only one of the secrets', 'Give the others as files, or in the environment.');
  }
  const read: (readonly [VariableName, string])[] = [];
  for (const [name, path] of files) read.push([name, await readSecret(shell, name, path)]);
  return read;
}

async function readSecret(shell: Shell, name: VariableName, path: string): Promise<string> {
  if (path === '-') {
    const value = (await shell.readStandardInput()).replace(/\r?\n$/, '');
    if (value !== '') return value;
    throw refuse(`${name} was to come from standard input, which is empty`, 'Pipe it in, or name a file.');
  }
  const result = await readSecretFile(resolve(shell.workingDirectory, path));
  if ('value' in result) return result.value;
  throw refuse(`${name} cannot be read: ${result.problem}`, 'Name a file that holds nothing but the secret.');
}

/** Everybody on this machine can read the arguments of a program. */
function refuseSecrets({ dbUrl, projectRef, dbUrlFile, passphraseFile, makePassphrase: make }: AnswerOptions): void {
  const url = parseConnectionUrl(dbUrl ?? '');
  if (!('problem' in url) && url.password !== undefined) {
    throw refuse(
      '--db-url holds a password, which every user of this machine could see',
      'Leave it out there, and give it with --db-password-file, or at the prompt.',
    );
  }
  if ([dbUrl, projectRef, dbUrlFile].filter((value) => value !== undefined).length > 1) {
    throw refuse('--db-url, --db-url-file and --project-ref each name the database', 'Give one of them.');
  }
  if (passphraseFile !== undefined && make === true) {
    throw refuse('--passphrase-file and --make-passphrase each say what the passphrase is', 'Give one of them.');
  }
}

function refuse(what: string, hint: string): AppError {
  return new AppError('usage', `${what}. Nothing was written.`, { hint });
}
