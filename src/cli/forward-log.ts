import type { RunContext } from '../context.ts';
import type { LogLevel } from '../log.ts';

/** Passes on what a run says on stderr: lines of its log as they are, when they are of the level or above; anything else as a warning. */
export function createLogForwarder(
  log: RunContext['log'],
  level: LogLevel,
  write: (line: string) => void,
): (project: string, line: string) => void {
  const least = log.levels.values[level] ?? Infinity;
  return (project, line) => {
    const found = levelOf(line);
    if (found === undefined) log.warn({ project, line }, 'said by a run');
    else if (found >= least) write(line);
  };
}

function levelOf(line: string): number | undefined {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return typeof level === 'number' ? level : undefined;
  } catch {
    return undefined;
  }
}
