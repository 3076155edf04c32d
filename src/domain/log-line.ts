import { printable } from './printable.ts';
import { messageIds, type RunEvent } from './run-event.ts';

/** A line of the log (docs/logs.md), as pino writes it. */
export interface LogLine {
  /** 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number;
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly msg: string;
  readonly project?: string;
  readonly runId?: string;
  readonly stage?: string;
  readonly event?: RunEvent;
  readonly [field: string]: unknown;
}

/** Undefined for what is no line of the log, such as one that a full disk has cut off. */
export function parseLogLine(text: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const line = { msg: '', ...value } as Partial<LogLine>;
  const isLine = typeof line.level === 'number' && typeof line.time === 'string' && typeof line.msg === 'string';
  const names = [line.project, line.runId, line.stage, line.event];
  const isNamed = names.every((name) => name === undefined || typeof name === 'string');
  if (!isLine || !isNamed) return undefined;
  return line.event === undefined || Object.hasOwn(messageIds, line.event) ? (line as LogLine) : undefined;
}

const told = new Set(['level', 'time', 'msg', 'project', 'runId', 'stage', 'event', 'status', 'command', 'errorMessage']);

/** The line for people, without its time: `shop, verify: stage ended durationMs=1200 archive=shop-...`. */
export function describeLine(line: LogLine): string {
  const where = [line.project, line.stage === 'run' ? undefined : line.stage].filter((part) => part !== undefined);
  const fields = Object.entries(line).filter(([name, value]) => !told.has(name) && value !== null && value !== undefined);
  const texts = fields.map(([name, value]) => `${name}=${describeValue(value)}`);
  const text = [where.length === 0 ? '' : `${where.join(', ')}:`, line.msg, ...texts].filter((part) => part !== '').join(' ');
  return printable(text);
}

function describeValue(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

/** As syslog numbers it: 3 error, 4 warning, 5 notice (a run began or ended well), 6 info, 7 debug. */
export function priorityOf({ level, event }: Pick<LogLine, 'level' | 'event'>): number {
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  if (event !== undefined) return 5;
  return level >= 30 ? 6 : 7;
}

/** The line for people: 2026-11-21 02:00:03Z INFO  shop, verify: stage ended ... */
export function formatLine(line: LogLine): string {
  return `${printable(line.time.replace('T', ' ').replace(/\.\d+Z$/, 'Z'))} ${labelOf(line.level)} ${describeLine(line)}`;
}

function labelOf(level: number): string {
  if (level >= 50) return 'ERROR';
  if (level >= 40) return 'WARN ';
  return level >= 30 ? 'INFO ' : 'DEBUG';
}
