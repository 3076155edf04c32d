import { describeLine, formatLine, parseLogLine, priorityOf } from '../../domain/log-line.ts';
import type { LogLevel, LogSink } from '../../log.ts';

export interface StderrOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  readonly write: (text: string) => void;
}

/**
 * Lines for stderr. How a run ended is said there in words already (`Error: ...`), so the line about it counts as one of level
 * info.
 */
export function createStderrSink({ level, format, write }: StderrOptions): LogSink {
  const showsEvents = level === 'debug' || level === 'info';
  return {
    level,
    write(text) {
      const line = parseLogLine(text);
      if (line?.event !== undefined && !showsEvents) return;
      if (line === undefined || format === 'json') write(text);
      else write(`${formatLine(line)}\n`);
    },
  };
}

export interface JournalOptions extends StderrOptions {
  /** Takes the lines that tell of a run as a whole (journal-events.ts), which stand among the others as well. */
  readonly sendEvent: (line: string) => void;
}

/** Lines for stderr where that goes to the journal: each begins with its priority (sd-daemon(3)), and its time the journal knows. */
export function createJournalSink({ level, format, write, sendEvent }: JournalOptions): LogSink {
  return {
    level,
    write(text) {
      const line = parseLogLine(text);
      if (line === undefined) return;
      write(`<${priorityOf(line)}>${format === 'json' ? text.trimEnd() : describeLine(line)}\n`);
      if (line.event !== undefined) sendEvent(text);
    },
  };
}
