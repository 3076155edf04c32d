import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseEnv } from 'node:util';
import { AppError, messageOf } from '../errors.ts';
import type { Problem } from './problems.ts';
import { knownNames } from './variables.ts';
import { warnOfUnknownNames } from './unknown-names.ts';

export interface EnvFile {
  readonly path: string;
  /** What is set to something; `NAME=` counts as not set. */
  readonly values: Readonly<Record<string, string>>;
  /** Values that Node would cut short. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Reads an env file. Undefined when there is none; throws AppError configuration when it cannot be read.
 * @param path absolute
 */
export async function readEnvFile(path: string): Promise<EnvFile | undefined> {
  try {
    const { mode, size } = await stat(path);
    if (size > longestFile) throw new Error('it is longer than a megabyte');
    const text = await readBeginning(path);
    if (Buffer.byteLength(text) > longestFile) throw new Error('it is longer than a megabyte');
    const parsed = parseEnvText(text);
    // It holds passwords, as a rule.
    const open = (mode & 0o004) === 0 ? [] : [`${path} can be read by every user of this machine: chmod 600 ${path}`];
    return { path, ...parsed, warnings: [...open, ...parsed.warnings] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AppError('configuration', `${path} cannot be read (${messageOf(error)}). Nothing was started.`, {
      hint: 'Run the command as the user that the file belongs to, or name another file with --env-file.',
      cause: error,
    });
  }
}

const longestFile = 1024 * 1024;

/** A pipe may be one as well, whose length only its end tells, and a device goes on for ever. */
function readBeginning(path: string): Promise<string> {
  return readAll(createReadStream(path, { end: longestFile }));
}

/** The text of an env file by Node's rules, and what a person may have meant otherwise. */
export function parseEnvText(text: string): Omit<EnvFile, 'path'> {
  const clean = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const all = parseEnv(clean) as Record<string, string>;
  const values = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  return { values, problems: findCutValues(clean), warnings: warnOfUnknownNames(Object.keys(values)) };
}

const assignmentPattern = /^[ \t]*(?:export[ \t]+)?(?<name>[\w.-]+)[ \t]*=[ \t]*(?<value>.*)$/gm;

/**
 * Node ends a value at a # (in quotes at the next such quote) and drops the rest of the line without a word: half a
 * password is worse than none.
 */
function findCutValues(text: string): Problem[] {
  const problems: Problem[] = [];
  const pattern = new RegExp(assignmentPattern);
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const name = match.groups!['name']!;
    const value = match.groups!['value']!;
    const valueStart = pattern.lastIndex - value.length;
    const end = /^['"`]/.test(value) ? text.indexOf(value[0]!, valueStart + 1) : undefined;
    const problem = end === undefined ? checkUnquoted(value) : checkQuoted(text, end);
    if (problem !== undefined && knownNames.has(name)) problems.push({ name, text: problem });
    // The lines of a quoted value are no assignments.
    if (end !== undefined && end > 0) pattern.lastIndex = end + 1;
  }
  return problems;
}

const quoteRemedy = "write it in quotes that it does not hold itself (NAME='...', NAME=`...`)";

function checkUnquoted(value: string): string | undefined {
  // A # behind a space begins a comment, as everybody expects.
  return /^#|^[^#]*\S#/.test(value) ? `holds a #, which begins a comment: ${quoteRemedy}` : undefined;
}

function checkQuoted(text: string, end: number): string | undefined {
  if (end < 0) return `begins with a quote that is never closed: ${quoteRemedy}`;
  const after = /.*/.exec(text.slice(end + 1))![0];
  return /^\s*(#|$)/.test(after) ? undefined : `goes on after its closing quote: ${quoteRemedy}`;
}
