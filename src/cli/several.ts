import type { Command } from 'commander';
import { listProjectNames } from '../config/list-projects.ts';
import { defaultProjectsDirectory, projectFile } from '../config/open.ts';
import { AppError } from '../errors.ts';
import { loadOptions, type CommonOptions, type Shell } from './shell.ts';

/** The options of a command that may be for several projects. */
export interface SeveralOptions extends CommonOptions {
  readonly all?: boolean;
}

/** Adds what says for which projects a command is: `[name...]`, its first argument then, and `--all`. */
export function addProjectChoice(command: Command): Command {
  return command
    .argument('[name...]', 'projects in /etc/supabase-backup/<name>.env, as with --project')
    .option('--all', 'every project in /etc/supabase-backup');
}

/**
 * The projects that a command is for, as `--project` takes them, each once: those that are named, or every one with `--all`. Undefined when
 * neither is given: then it is the one of the common options. Whether a file can be used is not looked at. Throws AppError usage or
 * configuration.
 */
export async function chooseProjects(
  shell: Shell,
  names: readonly string[],
  options: SeveralOptions,
): Promise<string[] | undefined> {
  if (names.length === 0 && options.all !== true) return undefined;
  refuseContradictions(names, options);
  const { projectsDirectory } = loadOptions(shell, options);
  if (names.length === 0) return listAll(projectsDirectory);
  // What is no name at all is a slip of the fingers: better said before the first of them begins.
  for (const name of names) projectFile(name, { projectsDirectory });
  return [...new Set(names)];
}

function refuseContradictions(names: readonly string[], { all, project, envFile }: SeveralOptions): void {
  const given = [
    ...(names.length === 0 ? [] : [`the argument ${names[0]}`]),
    ...(all === true ? ['--all'] : []),
    ...(project === undefined ? [] : ['--project']),
    ...(envFile === undefined ? [] : ['--env-file']),
  ];
  if (given.length === 1) return;
  throw new AppError('usage', `${given.join(' and ')} each say which projects are meant. Nothing was started.`, {
    hint: 'Give names (agent COMMAND shop blog), --all, --project or --env-file: one of them.',
  });
}

async function listAll(projectsDirectory: string | undefined): Promise<string[]> {
  const names = await listProjectNames(projectsDirectory);
  if (names.length > 0) return names;
  throw new AppError('usage', `There is no project in ${projectsDirectory ?? defaultProjectsDirectory}. Nothing was started.`, {
    hint: 'A project is a file NAME.env there; .env.example describes what stands in it.',
  });
}
