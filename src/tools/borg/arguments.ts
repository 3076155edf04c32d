import type { CreateFilesRequest, CreateRequest } from '../../context.ts';

/** A Borg command line; options stand before the archive, as Borg's parser wants it. The repository comes from BORG_REPO. */
export function borgArguments(verb: string, options: readonly string[], positional: readonly string[]): string[] {
  return [...verb.split(' '), ...options, ...positional];
}

/** What stands before every verb. @param lockWaitMs how long to wait for a lock that another process holds; Borg takes whole seconds */
export function commonArguments(lockWaitMs: number): string[] {
  return ['--log-json', `--lock-wait=${Math.ceil(lockWaitMs / 1000)}`];
}

/**
 * `borg create` for dumps out of named pipes: their contents are read (`--read-special`), never looked up in the files cache,
 * cut into chunks as the database's size asks, and compressed by Borg alone (ADR 5).
 */
export function createArguments(request: CreateRequest): string[] {
  const options = [
    '--json',
    '--progress',
    '--read-special',
    '--files-cache=disabled',
    '--compression=zstd,1',
    `--chunker-params=${request.chunkerParams}`,
  ];
  return borgArguments('create', options, [`::${request.name}`, ...request.paths]);
}

/** `borg create` for ordinary files, whose paths it reads from its stdin. */
export function createFilesArguments({ name }: CreateFilesRequest): string[] {
  const options = ['--json', '--progress', '--compression=zstd,1', '--paths-from-stdin'];
  return borgArguments('create', options, [`::${name}`]);
}
