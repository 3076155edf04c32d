import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file that lines are added to, by several processes at once if need be. */
export interface LogFile {
  write(line: string): void;
  /** Goes on in a new file of that name, after logrotate has moved the old one away. */
  reopen(): void;
  close(): void;
}

/**
 * Opens it, made with mode 0600 (and its directory, but none above that, with 0700) where it is missing. Never throws: of the first thing that goes wrong
 * `onProblem` is told, and lines that cannot be written are dropped. Not pino's own destination, which keeps in memory what a full
 * disk did not take.
 */
export function openLogFile(path: string, onProblem: (text: string) => void): LogFile {
  let descriptor: number | undefined;
  let told = false;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!told) onProblem(`the log file ${path} cannot be written: ${(error as Error).message}. All else goes on.`);
      told = true;
    }
  };
  const open = (): void => {
    makeDirectory(dirname(path));
    const next = openSync(path, 'a', 0o600);
    // Only now: until the new one is there, lines go on into the old one.
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = next;
  };
  attempt(open);
  return {
    write: (line) =>
      attempt(() => {
        if (descriptor !== undefined) writeSync(descriptor, line);
      }),
    reopen: () => attempt(open),
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Not with the option `recursive`: Node tries for ever where the kernel allows no directory, as in /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
