import Table from 'cli-table3';
import prettyBytes from 'pretty-bytes';
import { printable } from '../domain/printable.ts';
import type { AppError } from '../errors.ts';

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** The result: one JSON document with `--json`, a text for people otherwise. */
  result(document: object, text: () => string): void;
  note(text: string): void;
  failure(command: string, error: AppError): void;
}

/** `journal` says that stderr goes to the journal: each line begins with its priority then (sd-daemon(3)). */
export function createOutput(
  json: boolean,
  journal: boolean,
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
): Output {
  const say = (priority: number, text: string): void => {
    const mark = journal ? `<${priority}>` : '';
    const lines = text.split('\n').map((line) => `${mark}${printable(line)}\n`);
    stderr.write(lines.join(''));
  };
  return {
    json,
    result(document, text) {
      stdout.write(`${json ? JSON.stringify({ schemaVersion: 1, ...document }) : text().trimEnd()}\n`);
    },
    note(text) {
      say(text.startsWith('Warning:') ? 4 : 6, text);
    },
    failure(command, error) {
      if (json) stdout.write(`${JSON.stringify({ schemaVersion: 1, ...failureDocument(command, error) })}\n`);
      else say(3, `Error: ${error.message}\nTry: ${error.hint}`);
    },
  };
}

/** What stands in the place of a command's document when it failed. */
export function failureDocument(command: string, { code, message, hint, exitCode, retryable }: AppError): object {
  return { command, status: 'failed', error: { code, message, hint, exitCode, retryable } };
}

/** A table without borders, columns parted by two spaces; it reads as well in a mail as on a terminal. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const edges = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const table = new Table({
    head: [...head],
    chars: { ...Object.fromEntries([...edges, ...inner].map((name) => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (rightAligned.includes(column) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map(printable)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export function formatBytes(bytes: number): string {
  return prettyBytes(bytes, { binary: true, maximumFractionDigits: 1 });
}

/** 0.4 s, 12 s, 3 min 5 s, 2 h 4 min. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 2026-11-21 02:00:00 UTC */
export function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
