import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AppError } from '../errors.ts';

export interface Prompt {
  /** Asks a question on the terminal. Throws AppError interrupted on Ctrl-C, and when the terminal is gone. */
  readonly ask: (prompt: string) => Promise<string>;
  /** Asks for a password: what is typed is not shown. Throws like `ask`. */
  readonly askPassword: (prompt: string) => Promise<string>;
  /** All of standard input, as text. */
  readonly readStandardInput: () => Promise<string>;
}

export function createPrompt({ stdin, stderr }: Pick<NodeJS.Process, 'stdin' | 'stderr'>): Prompt {
  return {
    async ask(prompt) {
      const terminal = createInterface({ input: stdin, output: stderr });
      try {
        return await question(terminal, prompt);
      } finally {
        terminal.close();
      }
    },
    async askPassword(prompt) {
      const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
      // From here on the terminal echoes nothing: nobody is asked before.
      const terminal = createInterface({ input: stdin, output: silent, terminal: true });
      stderr.write(prompt);
      try {
        return await question(terminal, '');
      } finally {
        terminal.close();
        stderr.write('\n');
      }
    },
    readStandardInput: () => text(stdin),
  };
}

/** A question that nobody answers any more would wait for ever. */
function question(terminal: Interface, prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (): void =>
      reject(
        new AppError('interrupted', 'Interrupted. Nothing was changed.', {
          hint: 'Start the command again when it suits you.',
        }),
      );
    terminal.once('SIGINT', refuse).once('close', refuse);
    terminal.question(prompt).then(resolve, reject);
  });
}
