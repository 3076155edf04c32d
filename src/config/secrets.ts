import { readFile, stat } from 'node:fs/promises';
import { execa } from 'execa';
import { messageOf } from '../errors.ts';

/** A secret, or why there is none: a text that never quotes it. */
export type SecretResult = { readonly value: string } | { readonly problem: string };

/** How long a command may take to print a secret: a password manager that waits for a person at night never would. */
const commandLimitMs = 30_000;

/**
 * Reads a secret from a file (NAME_FILE): its content without one line end at the end.
 * @param path absolute
 */
export async function readSecretFile(path: string): Promise<SecretResult> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o004) !== 0) return { problem: `${path} can be read by every user of this machine: chmod o-rwx ${path}` };
    return withoutLineEnd(await readFile(path, 'utf8'), `${path} is empty`);
  } catch (error) {
    return { problem: `the file cannot be read (${messageOf(error)})` };
  }
}

export interface SecretCommand {
  /** A shell command line, as the user wrote it. */
  readonly command: string;
  readonly directory: string;
  /** Must not hold secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}

/**
 * Runs a command that prints a secret (NAME_COMMAND). What it says on stderr goes to the user; what it prints is shown to
 * nobody, not even when it fails.
 */
export async function runSecretCommand(options: SecretCommand): Promise<SecretResult> {
  const limitMs = options.limitMs ?? commandLimitMs;
  const child = execa('/bin/sh', ['-c', options.command], {
    cwd: options.directory,
    env: options.environment,
    extendEnv: false,
    stdin: 'ignore',
    stderr: 'inherit',
    stripFinalNewline: false,
    reject: false,
    // A process group of its own, so that the limit ends what the shell has started too.
    detached: true,
  });
  const limit = new AbortController();
  limit.signal.addEventListener('abort', () => killGroup(child.pid));
  const timer = setTimeout(() => limit.abort(), limitMs);
  const result = await child;
  clearTimeout(timer);
  if (limit.signal.aborted) return { problem: `the command has printed nothing within ${limitMs / 1000} s and was ended` };
  if (result.failed) return { problem: `the command failed (${describeEnd(result)}); try it in a shell` };
  return withoutLineEnd(result.stdout, 'the command printed nothing');
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this moment.
  }
}

function describeEnd({ exitCode, signal }: { readonly exitCode?: number; readonly signal?: string }): string {
  if (exitCode !== undefined) return `exit code ${exitCode}`;
  return signal === undefined ? 'it could not be started' : `ended by ${signal}`;
}

function withoutLineEnd(text: string, whenEmpty: string): SecretResult {
  const value = text.replace(/\r?\n$/, '');
  return value === '' ? { problem: whenEmpty } : { value };
}
