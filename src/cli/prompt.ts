import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AppError } from '../errors.ts';

/** Asks a question on the terminal. Throws AppError interrupted on Ctrl-C, and when the terminal is gone. */
export async function ask(prompt: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await question(terminal, prompt);
  } finally {
    terminal.close();
  }
}

/** Asks for a password: what is typed is not shown. Throws like `ask`. */
export async function askPassword(prompt: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // From here on the terminal echoes nothing: nobody is asked before.
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(prompt);
  try {
    return await question(terminal, '');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
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

/** All of standard input, as text. */
export function readStandardInput(): Promise<string> {
  return text(process.stdin);
}
