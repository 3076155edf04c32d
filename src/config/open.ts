import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectNamePattern } from '../domain/archive-name.ts';
import { AppError } from '../errors.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import { parseEnvText, readEnvFile, type EnvFile } from './env-file.ts';
import { createProblems, type Problem, type Problems } from './problems.ts';
import { findSources, toLayers, type Sources } from './sources.ts';
import { knownNames, type VariableName } from './variables.ts';

export interface LoadOptions {
  /** --env-file; `.env` in the working directory without it. */
  readonly envFile?: string | undefined;
  /** --project: the file of that name in the projects' directory, and of the environment nothing but a unit's credentials. */
  readonly project?: string | undefined;
  /** The process's environment. A variable in it counts before the same one in an env file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  readonly isRoot: boolean;
  /** Asks on the terminal without echo; left out where there is none. */
  readonly askPassword?: ((prompt: string) => Promise<string>) | undefined;
  /** /etc/supabase-backup unless told otherwise. */
  readonly projectsDirectory?: string | undefined;
}

/** The variables that were found, before anything is read or validated. */
export interface OpenedSources {
  readonly file: EnvFile | undefined;
  /** For messages: the path of the file, or "environment". */
  readonly where: string;
  readonly sources: Sources;
  readonly problems: Problems;
  readonly warnings: readonly string[];
}

/** Where `--project` looks. */
export const defaultProjectsDirectory = '/etc/supabase-backup';

const threeWays =
  'Copy .env.example to .env in the working directory and fill it in, or name a file with --env-file PATH, or a project with --project NAME (/etc/supabase-backup/NAME.env).';

/**
 * Finds the variables of the project that the options name. Problems are those of the variables in `names`; what is wrong
 * with others is only a warning. Throws AppError usage or configuration when there is no such project.
 */
export async function openSources(options: LoadOptions, names: readonly VariableName[]): Promise<OpenedSources> {
  const { envFile, project, workingDirectory } = options;
  if (envFile !== undefined && project !== undefined) {
    throw new AppError('usage', '--env-file and --project name two configurations. Nothing was started.', {
      hint: 'Give one of them.',
    });
  }
  const credentials = await findCredentials(options.environment);
  if (project !== undefined) return openFile(projectFile(project, options), names, credentials);
  const file = await readEnvFile(resolve(workingDirectory, envFile ?? '.env'));
  if (file === undefined && envFile !== undefined) throw missingFile(resolve(workingDirectory, envFile));
  if (file === undefined && !hasVariables({ ...options.environment, ...credentials?.values })) {
    throw new AppError(
      'configuration',
      `There is no configuration: no .env in ${workingDirectory}, and no variables. Nothing was started.`,
      {
        hint: threeWays,
      },
    );
  }
  return open(names, { file, environment: { values: options.environment, directory: workingDirectory }, credentials });
}

/** Finds the variables in one file, and in credentials if they are given; the environment does not count. */
export async function openFile(
  path: string,
  names: readonly VariableName[],
  credentials?: Credentials,
): Promise<OpenedSources> {
  const file = await readEnvFile(path);
  if (file === undefined) throw missingFile(path);
  return open(names, { file, environment: undefined, credentials });
}

/** Finds the variables in a text that is to be the env file at `path`; nothing else counts. */
export function openText(path: string, text: string, names: readonly VariableName[]): OpenedSources {
  return open(names, { file: { path, ...parseEnvText(text) }, environment: undefined, credentials: undefined });
}

/** The env file of a project in the projects' directory. */
export function projectFile(project: string, options: Pick<LoadOptions, 'projectsDirectory'>): string {
  if (!projectNamePattern.test(project)) {
    throw new AppError('usage', `${JSON.stringify(project)} is not the name of a project. Nothing was started.`, {
      hint: 'A name is that of an env file without .env: --project shop reads /etc/supabase-backup/shop.env.',
    });
  }
  return join(options.projectsDirectory ?? defaultProjectsDirectory, `${project}.env`);
}

interface Places {
  readonly file: EnvFile | undefined;
  readonly environment: Parameters<typeof toLayers>[1];
  readonly credentials: Credentials | undefined;
}

function open(names: readonly VariableName[], { file, environment, credentials }: Places): OpenedSources {
  const { sources, ambiguous, warnings } = findSources(toLayers(file, environment, credentials));
  const all = [...(file?.problems ?? []), ...ambiguous];
  const problems = createProblems();
  for (const { name, text } of all.filter((problem) => concerns(problem, names))) problems.add(name, text);
  const others = all.filter((problem) => !concerns(problem, names)).map(({ name, text }) => `${name} ${text}`);
  return {
    file,
    where: file?.path ?? 'environment',
    sources,
    problems,
    warnings: [...(file?.warnings ?? []), ...(credentials?.warnings ?? []), ...warnings, ...others],
  };
}

function concerns({ name }: Problem, names: readonly VariableName[]): boolean {
  return names.some((variable) => [variable, `${variable}_FILE`, `${variable}_COMMAND`].includes(name));
}

/** Whether anything says which project is meant: the options, a `.env` in the working directory, variables, or credentials of a unit. */
export async function isProjectNamed(options: LoadOptions): Promise<boolean> {
  const { envFile, project, workingDirectory, environment } = options;
  if (envFile !== undefined || project !== undefined || existsSync(resolve(workingDirectory, '.env'))) return true;
  return hasVariables({ ...environment, ...(await findCredentials(environment))?.values });
}

function hasVariables(environment: LoadOptions['environment']): boolean {
  return [...knownNames].some((name) => environment[name] !== undefined && environment[name] !== '');
}

function missingFile(path: string): AppError {
  return new AppError('configuration', `There is no ${path}. Nothing was started.`, { hint: threeWays });
}
