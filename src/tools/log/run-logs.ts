import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseLogLine, type LogLine } from '../../domain/log-line.ts';
import type { LogSink } from '../../log.ts';

/** How many runs' logs are kept. */
const keptRuns = 20;
/** A run that has more to say than this is cut short, but for how it ended. */
const maxBytes = 1024 ** 2;

/**
 * Keeps the lines of each run in a file of its own (0600) in `directory`, for `agent logs`; of the last runs only. What cannot be
 * written is dropped: it is no reason for a run to fail, and stands on stderr as well.
 */
export function createRunLogs(directory: string): LogSink & { close(): void } {
  let current: { readonly runId: string; readonly descriptor: number; bytes: number } | undefined;
  const close = (): void => {
    if (current !== undefined) closeSync(current.descriptor);
    current = undefined;
  };
  const open = (line: LogLine & { readonly runId: string }): typeof current => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const descriptor = openSync(join(directory, nameOf(line)), 'a', 0o600);
    for (const name of listNames(directory).slice(keptRuns)) unlinkSync(join(directory, name));
    return { runId: line.runId, descriptor, bytes: 0 };
  };
  const add = (text: string, line: LogLine & { readonly runId: string }): void => {
    if (current?.runId !== line.runId) {
      close();
      // Whatever comes after the end of a run is for the other logs.
      if (line.event !== 'start') return;
      current = open(line);
    }
    if (current === undefined) return;
    const bytes = Buffer.byteLength(text);
    if (current.bytes + bytes <= maxBytes || line.event !== undefined) {
      writeSync(current.descriptor, text);
      current.bytes += bytes;
    }
    if (line.event !== undefined && line.event !== 'start') close();
  };
  return {
    level: 'info',
    write(text) {
      const line = parseLogLine(text);
      const { runId } = line ?? {};
      if (line === undefined || runId === undefined) return;
      try {
        add(text, { ...line, runId });
      } catch {
        // See above.
      }
    },
    close,
  };
}

/** Begins with the time, so that names sort like runs. */
function nameOf({ time, runId }: LogLine): string {
  return `${time.replaceAll(/[-:]/g, '')}-${runId}.jsonl`;
}

/** Newest first. */
function listNames(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  return names.toSorted().toReversed();
}

/**
 * The lines of a run, of which the beginning of the id is enough; of the newest one without an id. Undefined where there is no log of it.
 * Each file is at most a little over a MiB, so it is read at once.
 */
export function readLogOfRun(directory: string, runId: string | undefined): LogLine[] | undefined {
  const names = findNames(directory);
  const name = runId === undefined ? names[0] : names.find((candidate) => idOf(candidate).startsWith(runId));
  if (name === undefined) return undefined;
  const lines = readFileSync(join(directory, name), 'utf8').split('\n').map(parseLogLine);
  return lines.filter((line) => line !== undefined);
}

function idOf(name: string): string {
  return name.slice(name.indexOf('-') + 1);
}

function findNames(directory: string): string[] {
  try {
    return listNames(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
