import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ProjectConfig } from './config/project-config.ts';
import type { CommandRunner } from './context.ts';
import type { LogLine } from './domain/log-line.ts';
import { createLogger, type LogLevel, type LogSink } from './log.ts';
import { createJournalEvents } from './tools/log/journal-events.ts';
import { openLogFile, type LogFile } from './tools/log/log-file.ts';
import { createRunLogs, readLogOfRun } from './tools/log/run-logs.ts';
import { createJournalSink, createStderrSink } from './tools/log/stderr-sink.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LogOptions {
  readonly config: Pick<ProjectConfig, 'project' | 'stateDirectory' | 'logs'>;
  /** Of stderr. Undefined: warn, and info where stderr is the journal. */
  readonly level: LogLevel | undefined;
  readonly environment: Environment;
  readonly commands: CommandRunner;
  readonly stderr: NodeJS.WriteStream;
  /** Told of what is in the way of a log: never a reason to fail. */
  readonly warn: (text: string) => void;
}

export interface ComposedLog {
  readonly log: Logger;
  /** To be awaited before the process ends. */
  close(): Promise<void>;
}

/** The log of a project: stderr or the journal, LOG_FILE, which is opened anew on SIGUSR2, and a small one for each run. */
export function composeLog({ config, level, environment, commands, stderr: stream, warn }: LogOptions): ComposedLog {
  const runs = createRunLogs(runLogDirectory(config));
  const file = config.logs.file === undefined ? undefined : openLogFile(config.logs.file, warn);
  const stderr = openStderr({
    level: level ?? (isJournal(environment) ? 'info' : 'warn'),
    format: config.logs.format,
    environment,
    commands,
    stderr: stream,
  });
  const reopen = (): void => file?.reopen();
  process.on('SIGUSR2', reopen);
  return {
    log: createLogger([stderr.sink, runs, ...(file === undefined ? [] : [toSink(file, environment['LOG_LEVEL'])])]).child({
      project: config.project,
    }),
    async close() {
      process.off('SIGUSR2', reopen);
      await stderr.close();
      file?.close();
      runs.close();
    },
  };
}

/** The log of the agent that runs all the time. `write` takes lines of the same form, of its runs, which log into their own files by themselves. */
export function composeAgentLog({
  level = 'info',
  environment,
  commands,
  stderr,
}: Pick<LogOptions, 'level' | 'environment' | 'commands' | 'stderr'>): ComposedLog & {
  readonly level: LogLevel;
  write(line: string): void;
} {
  const { sink, close } = openStderr({ level, format: 'auto', environment, commands, stderr });
  return { level, log: createLogger([sink]), write: (line) => sink.write(`${line}\n`), close };
}

interface StderrOptions extends Pick<LogOptions, 'environment' | 'commands' | 'stderr'> {
  readonly level: LogLevel;
  readonly format: ProjectConfig['logs']['format'];
}

function openStderr({ level, format, environment, commands, stderr }: StderrOptions): {
  readonly sink: LogSink;
  close(): Promise<void>;
} {
  const events = createJournalEvents(commands, process.pid);
  const isPretty = format === 'pretty' || (format === 'auto' && isForPeople(stderr, environment));
  const options = {
    level,
    format: isPretty ? 'pretty' : 'json',
    write: (text: string) => void stderr.write(text),
  } as const;
  // Whoever read stderr may be gone: no reason to fail.
  stderr.on('error', ignore);
  return {
    sink: isJournal(environment) ? createJournalSink({ ...options, sendEvent: events.send }) : createStderrSink(options),
    async close() {
      stderr.off('error', ignore);
      await events.close();
    },
  };
}

/** What a run has logged, by the beginning of its id; the newest one without. Undefined where that is not kept. */
export function readRunLog(config: ProjectConfig, runId: string | undefined): LogLine[] | undefined {
  return readLogOfRun(runLogDirectory(config), runId);
}

function runLogDirectory({ stateDirectory, project }: Pick<ProjectConfig, 'stateDirectory' | 'project'>): string {
  return join(stateDirectory, project, 'logs');
}

const ignore = (): void => undefined;

/** By the variable alone: the agent that runs all the time has its runs tell it more than belongs there. */
function toSink(file: LogFile, level: string | undefined): LogSink {
  return { level: level === 'debug' ? 'debug' : 'info', write: (line) => file.write(line) };
}

/** Whether stderr is the journal: systemd says so with the device and inode of what it has connected (systemd.exec(5)). */
export function isJournal(environment: Environment): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(2);
  return stream === `${dev}:${ino}`;
}

function isForPeople(stderr: NodeJS.WriteStream, environment: Environment): boolean {
  return stderr.isTTY || isJournal(environment);
}
