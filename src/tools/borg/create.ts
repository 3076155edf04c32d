import { Readable } from 'node:stream';
import type {
  Command,
  CommandRunner,
  CreateFilesRequest,
  CreateRequest,
  Progress,
  RepositorySizes,
  RunningCommand,
  RunningCreate,
} from '../../context.ts';
import { createArguments, createFilesArguments } from './arguments.ts';
import { borgError } from './errors.ts';
import { parseCreated } from './listing.ts';

interface CreateTools {
  readonly commands: CommandRunner;
  readonly command: (args: readonly string[]) => Command;
  readonly location: string;
  readonly progress: Progress;
  readonly noteSizes: (sizes: RepositorySizes) => void;
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
  return watch(tools, running);
}

/** As `startCreate`, of files on the disk. */
export function startCreateFromFiles(tools: CreateTools, request: CreateFilesRequest): RunningCreate {
  const command = tools.command(createFilesArguments(request));
  const running = tools.commands.start({
    ...command,
    env: { ...command.env, BORG_FILES_CACHE_SUFFIX: request.filesCache },
    cwd: request.directory,
    stdin: Readable.from(lines(request.paths)),
    onStderrLine: (line) => {
      const message = parseMessage(line);
      if (message.original_size !== undefined) tools.progress.bytes(message.original_size);
    },
  });
  return watch(tools, running);
}

/** In portions: a line at a time would take a turn of the event loop each. */
function* lines(paths: Iterable<string>): Iterable<Buffer> {
  let text = '';
  for (const path of paths) {
    text += `${path}\n`;
    if (text.length < portionLength) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

const portionLength = 64 * 1024;

function watch(tools: CreateTools, running: RunningCommand): RunningCreate {
  const finished = running.finished.then((result) => {
    if (result.exitCode !== 0) throw borgError(tools.location, 'create', result);
    const { archive, repository } = parseCreated(result.stdout);
    if (repository !== undefined) tools.noteSizes(repository);
    return archive;
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
    const { message, original_size: size } = JSON.parse(line) as Record<string, unknown>;
    return {
      ...(typeof message === 'string' ? { message } : {}),
      ...(typeof size === 'number' ? { original_size: size } : {}),
    };
  } catch {
    return {};
  }
}

/** `{"type": "log_message", "levelname": "WARNING", "message": "database/full.dump: read: [Errno 28] No space left on device"}` */
function tellsOfLostPath({ message = '' }: Message, paths: readonly string[]): boolean {
  return paths.some((path) => message.startsWith(`${path}: `));
}
