import { Option, type Command } from 'commander';
import { askAgent, createServiceCommand, type ServiceOptions } from '../service.ts';
import type { Shell } from '../shell.ts';

interface RunNowOptions extends ServiceOptions {
  readonly kind: 'backup' | 'verify' | 'drill';
}

export function runNowCommand(shell: Shell): Command {
  return createServiceCommand('run-now', 'Have the running agent begin a backup as soon as there is room for it.', [
    'agent run-now prod',
    'agent run-now prod --kind verify',
    'agent run-now prod --kind drill',
  ])
    .argument('<name>', 'the project, as its env file is called')
    .addOption(new Option('--kind <kind>', 'what to run').choices(['backup', 'verify', 'drill']).default('backup'))
    .action(async (name: string, options: RunNowOptions) => {
      await askAgent(shell, options, { request: 'run-now', project: name, kind: options.kind });
      shell.output.result(
        { command: 'run-now', status: 'complete', project: name, kind: options.kind },
        () =>
          `The agent begins a ${options.kind} of ${name} as soon as there is room; \`agent status\` and its log tell how it goes.`,
      );
    });
}
