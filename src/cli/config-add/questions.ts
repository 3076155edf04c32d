import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseConnectionUrl } from '../../config/connection-url.ts';
import { findProblems } from '../../config/load.ts';
import type { VariableName } from '../../config/variables.ts';
import type { Shell } from '../shell.ts';
import { makePassphrase, type Answers } from './answers.ts';

/** Where scripts/install wants repositories of this machine. */
const repositories = '/var/backups/supabase-backup';

/** Whom to ask: both are there where there is a terminal. */
interface Terminal {
  readonly ask: (prompt: string) => Promise<string>;
  readonly askPassword: (prompt: string) => Promise<string>;
  readonly note: (text: string) => void;
}

interface Question {
  readonly name: VariableName;
  readonly text: string;
  readonly secret?: true;
  /** Also where no rule asks for it. */
  readonly needed?: boolean;
  readonly proposal?: string | undefined;
}

/** The terminal, if somebody sits there who can be asked. */
export function findTerminal({ ask, askPassword, output }: Shell): Terminal | undefined {
  return ask === undefined || askPassword === undefined ? undefined : { ask, askPassword, note: output.note };
}

/** Whether a person has to be asked for something: then for what may be given besides, too. */
export async function isIncomplete(answers: Answers): Promise<boolean> {
  const problems = await findProblems(toValues(answers));
  return lacksPassword(answers) || required.some((name) => !answers.has(name) && problems.has(name));
}

const required = ['SUPABASE_DB_URL', 'SUPABASE_DB_PASSWORD', 'SUPABASE_URL', 'BORG_REPO', 'BORG_PASSPHRASE'] as const;

/**
 * Asks for what no option and no variable has said; each answer is judged by the rules of every configuration, and asked for again when it
 * will not do. What was asked before is proposed; `again` when it was tried and did not work. Changes `answers`. Throws AppError interrupted.
 */
export async function askForRest(
  terminal: Terminal,
  answers: Answers,
  { project, again }: { readonly project: string; readonly again: boolean },
): Promise<void> {
  const ask = (question: Question): Promise<void> => askOne(terminal, answers, question);
  await askForDatabase(terminal, answers);
  if (!answers.has('SUPABASE_SECRET_KEY')) {
    await ask({
      name: 'SUPABASE_SERVICE_ROLE_KEY',
      text: 'service_role key or secret key, for the objects of Storage (empty: without them)',
      secret: true,
      needed: !hasDatabase(answers),
    });
  }
  if ((await findProblems(toValues(answers))).has('SUPABASE_URL') || isAsked(answers, 'SUPABASE_URL')) {
    await ask({ name: 'SUPABASE_URL', text: 'URL of the project' });
  }
  await ask({
    name: 'BORG_REPO',
    text: 'Borg repository: a path, or ssh://USER@HOST/PATH',
    proposal: existsSync(repositories) ? join(repositories, project) : undefined,
  });
  if (again || answers.get('BORG_PASSPHRASE')?.source !== 'made') await askForPassphrase(terminal, answers);
}

function hasDatabase(answers: Answers): boolean {
  return answers.has('SUPABASE_DB_URL') || answers.has('SUPABASE_PROJECT_REF');
}

async function askForDatabase(terminal: Terminal, answers: Answers): Promise<void> {
  const isMissing = (await findProblems(toValues(answers))).has('SUPABASE_DB_URL');
  if (isMissing || isAsked(answers, 'SUPABASE_DB_URL') || isAsked(answers, 'SUPABASE_PROJECT_REF')) {
    await askForAddress(terminal, answers);
  }
  if (answers.has('SUPABASE_PROJECT_REF')) {
    await askOne(terminal, answers, {
      name: 'SUPABASE_DB_HOST',
      text: 'Host of the session pooler, for machines without IPv6 (empty: the direct connection)',
    });
  }
  if (lacksPassword(answers) || isAsked(answers, 'SUPABASE_DB_PASSWORD')) {
    await askOne(terminal, answers, { name: 'SUPABASE_DB_PASSWORD', text: 'Password of the database user', secret: true });
  }
}

function lacksPassword(answers: Answers): boolean {
  return hasDatabase(answers) && !answers.has('SUPABASE_DB_PASSWORD') && !hasPassword(answers.get('SUPABASE_DB_URL')?.value);
}

function hasPassword(url: string | undefined): boolean {
  const found = parseConnectionUrl(url ?? '');
  return !('problem' in found) && found.password !== undefined;
}

/** What the dashboard puts where the password belongs. */
const placeholder = ':[YOUR-PASSWORD]@';

/** Both are one question, whose answer tells which of them it is. */
async function askForAddress(terminal: Terminal, answers: Answers): Promise<void> {
  const before = (answers.get('SUPABASE_DB_URL') ?? answers.get('SUPABASE_PROJECT_REF'))?.value;
  const proposal = hasPassword(before) ? ' [as before]' : describeProposal(before);
  terminal.note(addressHelp);
  for (;;) {
    const typed = (await terminal.ask(`Database${proposal}: `)).trim().replace(placeholder, '@');
    const value = typed === '' ? before : typed;
    for (const name of ['SUPABASE_DB_URL', 'SUPABASE_PROJECT_REF'] as const) answers.delete(name);
    if (value === undefined) return;
    const name = value.includes(':') ? 'SUPABASE_DB_URL' : 'SUPABASE_PROJECT_REF';
    if (name === 'SUPABASE_DB_URL' && isAsked(answers, 'SUPABASE_DB_HOST')) answers.delete('SUPABASE_DB_HOST');
    answers.set(name, { value, source: 'asked' });
    if (await isGood(terminal, answers, name)) return;
  }
}

const addressHelp = `Which database? The reference of a hosted project (the 20 letters of https://REF.supabase.co), or a connection
string without password (postgresql://USER@HOST:5432/DATABASE). Nothing, where Storage alone is backed up.`;

async function askForPassphrase(terminal: Terminal, answers: Answers): Promise<void> {
  const before = answers.get('BORG_PASSPHRASE')?.source;
  if (before === 'option' || before === 'environment') return;
  for (;;) {
    const keeps = before === undefined ? 'a new one is made' : before === 'made' ? 'the new one' : 'as before';
    const value = await terminal.askPassword(`Passphrase of the repository (empty: ${keeps}): `);
    if (value === '') {
      if (before === undefined) answers.set('BORG_PASSPHRASE', makePassphrase());
      return;
    }
    if ((await terminal.askPassword('Once more: ')) === value) {
      answers.set('BORG_PASSPHRASE', { value, source: 'asked' });
      return;
    }
    terminal.note('These are two different ones.');
  }
}

async function askOne(terminal: Terminal, answers: Answers, question: Question): Promise<void> {
  const { name, text, secret, needed } = question;
  const before = answers.get(name);
  if (before !== undefined && before.source !== 'asked') return;
  const proposal = before?.value ?? question.proposal;
  for (;;) {
    const shown = secret === true && proposal !== undefined ? ' [as before]' : describeProposal(proposal);
    const typed = await (secret === true ? terminal.askPassword : terminal.ask)(`${text}${shown}: `);
    const value = (secret === true ? typed : typed.trim()) || proposal;
    if (value === undefined) answers.delete(name);
    else answers.set(name, { value, source: 'asked' });
    const isLeftOut = value === undefined && needed !== true;
    if ((value !== undefined || isLeftOut) && (await isGood(terminal, answers, name))) return;
  }
}

function describeProposal(proposal: string | undefined): string {
  return proposal === undefined ? '' : ` [${proposal}]`;
}

/** Only what is wrong with this one: others may still be missing. */
async function isGood(terminal: Terminal, answers: Answers, name: VariableName): Promise<boolean> {
  const problem = (await findProblems(toValues(answers))).list().find((found) => found.name === name);
  if (problem !== undefined) terminal.note(answers.has(name) ? `${name} ${problem.text}.` : `${name} is needed.`);
  return problem === undefined;
}

function isAsked(answers: Answers, name: VariableName): boolean {
  return answers.get(name)?.source === 'asked';
}

export function toValues(answers: Answers): ReadonlyMap<VariableName, string> {
  return new Map([...answers].map(([name, { value }]) => [name, value]));
}
