import { Command } from 'commander';
import { configAddCommand } from '../config-add/command.ts';
import { formatTable } from '../output.ts';
import { createCommand, loadProject, loadProjectOrTell, type CommonOptions, type Shell } from '../shell.ts';

interface ValidateOptions extends CommonOptions {
  readonly notify?: boolean;
}

export function configCommand(shell: Shell): Command {
  return new Command('config')
    .description('Write, check or show the configuration.')
    .addCommand(configAddCommand(shell))
    .addCommand(validateCommand(shell))
    .addCommand(showCommand(shell));
}

function validateCommand(shell: Shell): Command {
  return createCommand('validate', 'Check the configuration, and name every problem at once. Connects to nothing.', [
    'agent config validate',
    'agent config validate --project prod',
  ])
    .option('--notify', 'when it cannot be used, tell those whom its NOTIFY_... name all the same')
    .action(async ({ notify, ...options }: ValidateOptions) => {
      const { config, warnings } =
        notify === true ? await loadProjectOrTell(shell, options, 'backup') : await loadProject(shell, options);
      const document = { command: 'config validate', status: 'complete', project: config.project, warnings };
      const alone = config.database === undefined ? ' It has no database: backups hold Storage alone.' : '';
      shell.output.result(document, () => `The configuration of ${config.project} is valid.${alone}`);
    });
}

function showCommand(shell: Shell): Command {
  return createCommand('show', 'Show the configuration as the agent understands it, with secrets masked.', [
    'agent config show',
  ]).action(async (options: CommonOptions) => {
    const { config, described, warnings } = await loadProject(shell, options);
    const rows = described.map(({ name, value, source }) => [name, value, source]);
    const document = { command: 'config show', status: 'complete', project: config.project, variables: described, warnings };
    shell.output.result(document, () => formatTable(['VARIABLE', 'VALUE', 'SOURCE'], rows));
  });
}
