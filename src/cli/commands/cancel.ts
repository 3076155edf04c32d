import type { Command } from 'commander';
import { askAgent, createServiceCommand, type ServiceOptions } from '../service.ts';
import type { Shell } from '../shell.ts';

export function cancelCommand(shell: Shell): Command {
  return createServiceCommand(
    'cancel',
    'End the run of a project that the running agent has started, and wait until it has ended.',
    ['agent cancel prod'],
  )
    .argument('<name>', 'the project, as its env file is called')
    .action(async (name: string, options: ServiceOptions) => {
      const { cancelled } = await askAgent(shell, options, { request: 'cancel', project: name });
      shell.output.result(
        { command: 'cancel', status: 'complete', project: name, cancelled: cancelled ?? null },
        () =>
          `The ${cancelled?.kind ?? 'run'} of ${name} was ended. Nothing was left half done; it comes again with its schedule.`,
      );
    });
}
