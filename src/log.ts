import { multistream, pino, stdTimeFunctions, type Logger } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where lines go: each is a JSON document with a line feed at its end. */
export interface LogSink {
  /** The least that it takes. */
  readonly level: LogLevel;
  /** Never throws. */
  write(line: string): void;
}

/** Writes JSON lines to all of the sinks. What is logged never holds a secret: secrets are `Secret`s, which print as `***`. */
export function createLogger(sinks: readonly LogSink[]): Logger {
  const heard = sinks.filter(({ level }) => level !== 'silent');
  const level = logLevels.find((name) => heard.some((sink) => sink.level === name)) ?? 'silent';
  const streams = heard.map((sink) => ({ level: sink.level as Exclude<LogLevel, 'silent'>, stream: sink }));
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, multistream(streams));
}
