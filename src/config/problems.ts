import { AppError } from '../errors.ts';
import { knownNames } from './variables.ts';

/** What is wrong with one variable, and what to do about it. Never holds the value of a secret. */
export interface Problem {
  readonly name: string;
  readonly text: string;
}

/** Gathers what is wrong: a user is told everything at once, but only one thing about each variable. */
export interface Problems {
  add(name: string, text: string): void;
  has(name: string): boolean;
  /** In the order of the table of variables, which is that of `.env.example`. */
  list(): readonly Problem[];
}

export function createProblems(): Problems {
  const texts = new Map<string, string>();
  return {
    add(name, text) {
      if (!texts.has(name)) texts.set(name, text);
    },
    has: (name) => texts.has(name),
    list: () => [...texts].map(([name, text]) => ({ name, text })).toSorted((a, b) => rank(a) - rank(b)),
  };
}

function rank({ name }: Problem): number {
  return [...knownNames].indexOf(name);
}

/** The same problems, for a block of variables whose names begin with `prefix`. */
export function withPrefix(problems: Problems, prefix: string): Problems {
  return {
    ...problems,
    add: (name, text) => problems.add(`${prefix}${name}`, text),
    has: (name) => problems.has(`${prefix}${name}`),
  };
}

/**
 * Throws AppError configuration with a line for each variable, if anything is wrong. Warnings follow, since a name with a
 * slip of the pen is often why another is missing.
 * @param where the file or environment that the variables come from
 */
export function throwProblems(problems: Problems, where: string, warnings: readonly string[]): void {
  const wrong = problems.list().map(({ name, text }) => `${name} ${text}.`);
  if (wrong.length === 0) return;
  const lines = [...wrong, ...warnings.map((warning) => `Besides: ${warning}`)].map((line) => `\n  ${line}`);
  throw new AppError('configuration', `The configuration (${where}) cannot be used. Nothing was started.${lines.join('')}`, {
    hint: 'Correct these lines; every variable is described in .env.example.',
  });
}
