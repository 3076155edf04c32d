import type { Command } from 'commander';
import { readRunLog } from '../../compose-log.ts';
import type { ProjectConfig } from '../../config/project-config.ts';
import { formatLine, type LogLine } from '../../domain/log-line.ts';
import { AppError } from '../../errors.ts';
import { createCommand, loadProject, type CommonOptions, type Shell } from '../shell.ts';

interface LogsOptions extends CommonOptions {
  readonly run?: string;
}

export function logsCommand(shell: Shell): Command {
  return createCommand('logs', 'Show what the last run of a project has logged, or one of the last twenty.', [
    'agent logs',
    'agent logs prod',
    'agent logs --run 3f2b    a run whose id begins so; agent status --json has the ids',
  ])
    .argument('[name]', 'the project in /etc/supabase-backup/<name>.env, as with --project')
    .option('--run <id>', 'a run, by its id or the beginning of one')
    .action(async (name: string | undefined, { run, ...options }: LogsOptions) => {
      const { config } = await loadProject(shell, chooseProject(name, options));
      const lines = readRunLog(config, run);
      if (lines === undefined) throw missingLog(config, run);
      const document = { command: 'logs', status: 'complete', project: config.project, runId: lines[0]?.runId ?? null, lines };
      shell.output.result(document, () => toText(lines));
    });
}

function chooseProject(name: string | undefined, options: CommonOptions): CommonOptions {
  if (name === undefined) return options;
  if (options.project === undefined || options.project === name) return { ...options, project: name };
  throw new AppError('usage', `${name} and --project ${options.project} name two projects. Nothing was read.`, {
    hint: 'Give one of them.',
  });
}

function missingLog({ project }: ProjectConfig, run: string | undefined): AppError {
  const which = run === undefined ? 'a run' : `a run ${run}`;
  return new AppError('usage', `There is no log of ${which} of ${project} on this machine.`, {
    hint: 'The logs of the last twenty runs are kept; `agent status --json` tells their ids. LOG_FILE and the journal may know of older ones.',
  });
}

function toText(lines: readonly LogLine[]): string {
  return lines.map(formatLine).join('\n');
}
