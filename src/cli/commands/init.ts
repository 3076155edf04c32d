import type { Command } from 'commander';
import { exportKey, initialize } from '../../pipeline/init.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface InitOptions extends CommonOptions {
  readonly exportKey?: string;
}

export function initCommand(shell: Shell): Command {
  return createCommand('init', 'Create the Borg repository (repokey-blake2), or export its key.', [
    'agent init',
    'agent init --export-key /media/usb/prod-borg-key.txt',
  ])
    .option('--export-key <file>', 'write the key of the existing repository to a new file (0600), and do nothing else')
    .action(async (options: InitOptions) => {
      await withContext(shell, options, async (context) => {
        const repository = context.repository.location;
        if (options.exportKey !== undefined) {
          await exportKey(context, options.exportKey);
          const document = { command: 'init', status: 'complete', repository, keyFile: options.exportKey };
          shell.output.result(document, () => keyText(options.exportKey!));
          return;
        }
        await initialize(context);
        shell.output.result({ command: 'init', status: 'complete', repository }, () => createdText(repository));
      });
    });
}

function createdText(repository: string): string {
  return `The repository ${repository} is ready, encrypted with repokey-blake2.

Do this now: the key lies in the repository itself, and without it and the passphrase no backup can ever be read.
  1. agent init --export-key FILE    and keep FILE on another machine, or on paper
  2. keep the passphrase in a password manager, apart from the key
Then: agent backup`;
}

function keyText(file: string): string {
  return `The key is in ${file}, still protected by the passphrase. Move it to another machine, or print it.`;
}
