import type { Command, CommandRunner, CreateRequest, Progress, RunningCreate } from '../../context.ts';
import { createArguments } from './arguments.ts';
import { borgError } from './errors.ts';
import { parseCreated } from './listing.ts';

interface CreateTools {
  readonly commands: CommandRunner;
  readonly command: (args: readonly string[]) => Command;
  readonly location: string;
  readonly progress: Progress;
}

/**
 * Starts `borg create`. Any code but 0 is a failure: Borg's "warning" (1) means that a path was missing or not readable, and
 * an archive of ours has no path that may be missing.
 */
export function startCreate(tools: CreateTools, request: CreateRequest): RunningCreate {
  const running = tools.commands.start({
    ...tools.command(createArguments(request)),
    cwd: request.directory,
    onStderrLine: (line) => {
      const message = parseMessage(line);
      if (message.original_size !== undefined) tools.progress.bytes(message.original_size);
      // Borg would leave this file out, go on to the next one, and wait there for a writer that has failed by now.
      if (tellsOfLostPath(message, request.paths)) void running.terminate();
    },
  });
  const finished = running.finished.then((result) => {
    if (result.exitCode !== 0) throw borgError(tools.location, 'create', result);
    return parseCreated(result.stdout);
  });
  finished.catch(() => undefined);
  return { finished, terminate: () => running.terminate() };
}

interface Message {
  readonly message?: string;
  readonly original_size?: number;
}

/** What a signal interrupts may be half a line, with another one behind it: that says nothing. */
function parseMessage(line: string): Message {
  try {
    return (JSON.parse(line) as Message | null) ?? {};
  } catch {
    return {};
  }
}

/** `{"type": "log_message", "levelname": "WARNING", "message": "database/full.dump: read: [Errno 28] No space left on device"}` */
function tellsOfLostPath({ message = '' }: Message, paths: readonly string[]): boolean {
  return paths.some((path) => message.startsWith(`${path}: `));
}
