import { exitCodes, worstExitCode, type ExitCode } from '../domain/exit-code.ts';
import { AppError } from '../errors.ts';
import { failureDocument } from './output.ts';
import type { Shell } from './shell.ts';
import { toAppError } from './to-app-error.ts';

/** How it ended for one project, by the name of its env file. */
export type ProjectEnd<Result> =
  | { readonly name: string; readonly result: Result; readonly error?: undefined }
  | { readonly name: string; readonly error: AppError };

export interface EachEnd<Result> {
  readonly ends: readonly ProjectEnd<Result>[];
  /** Those that an interruption has left out. */
  readonly notBegun: readonly string[];
}

/**
 * Runs the work for one project after the other. Whatever it throws is how that project ended, and no reason to leave out the next;
 * only an interruption is. What the work notes has the project's name before it.
 */
export async function forEachProject<Result>(
  shell: Shell,
  names: readonly string[],
  work: (shell: Shell, name: string) => Promise<Result>,
  onEnd: (end: ProjectEnd<Result>) => void = () => undefined,
): Promise<EachEnd<Result>> {
  const ends: ProjectEnd<Result>[] = [];
  for (const [position, name] of names.entries()) {
    if (shell.signal.aborted) return { ends, notBegun: names.slice(position) };
    const end = await runOne(shell, name, work);
    ends.push(end);
    onEnd(end);
  }
  return { ends, notBegun: [] };
}

async function runOne<Result>(
  shell: Shell,
  name: string,
  work: (shell: Shell, name: string) => Promise<Result>,
): Promise<ProjectEnd<Result>> {
  // A signal of its own: what has listened to it goes with the project.
  const controller = new AbortController();
  const abort = (): void => controller.abort(shell.signal.reason);
  shell.signal.addEventListener('abort', abort, { once: true });
  try {
    return { name, result: await work(nameProject({ ...shell, signal: controller.signal }, name), name) };
  } catch (error) {
    return { name, error: toAppError(error, shell.signal) };
  } finally {
    shell.progress.end();
    shell.signal.removeEventListener('abort', abort);
  }
}

function nameProject(shell: Shell, name: string): Shell {
  const mark = 'Warning: ';
  const note = (text: string): void =>
    shell.output.note(text.startsWith(mark) ? `${mark}${name}: ${text.slice(mark.length)}` : `${name}: ${text}`);
  return { ...shell, output: { ...shell.output, note } };
}

/** What a command makes of its result for one project. */
export interface ProjectView<Result> {
  readonly exitCodeOf: (result: Result) => ExitCode;
  readonly toDocument: (result: Result) => object;
}

/** The worst of all; one that was not begun was interrupted. */
export function exitCodeOfAll<Result>({ ends, notBegun }: EachEnd<Result>, { exitCodeOf }: ProjectView<Result>): ExitCode {
  const codes = ends.map((end) => (end.error === undefined ? exitCodeOf(end.result) : end.error.exitCode));
  return worstExitCode(notBegun.length === 0 ? codes : [...codes, exitCodes.interrupted]);
}

/** One document for all: each project's own, with the name of its env file, and errors as single runs have them. */
export function toCommonDocument<Result>(command: string, all: EachEnd<Result>, view: ProjectView<Result>): object {
  const exitCode = exitCodeOfAll(all, view);
  const projects = all.ends.map((end) => ({
    name: end.name,
    ...(end.error === undefined ? view.toDocument(end.result) : failureDocument(command, end.error)),
  }));
  return { command, status: statusOf(exitCode), exitCode, projects, notBegun: all.notBegun };
}

function statusOf(code: ExitCode): string {
  if (code === exitCodes.ok) return 'complete';
  return code === exitCodes.incomplete ? 'incomplete' : 'failed';
}

/** The error of one of several projects, for stderr: it has to say of whom it speaks. */
export function tellFailure(
  shell: Shell,
  command: string,
  { name, error }: { readonly name: string; readonly error: AppError },
): void {
  const { code, message, hint, retryable } = error;
  shell.output.failure(command, new AppError(code, `${name}: ${message}`, { hint, retryable, cause: error }));
}

export function describeNotBegun(names: readonly string[]): string[] {
  return names.length === 0 ? [] : ['', `Interrupted. Not begun: ${names.join(', ')}`];
}
