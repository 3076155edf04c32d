import { access } from 'node:fs/promises';
import type { RepositoryConfig } from '../../config/project-config.ts';
import type { Command, CommandResult, CommandRunner, Progress, Repository, RepositorySizes } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { borgArguments, commonArguments } from './arguments.ts';
import { startCreate, startCreateFromFiles } from './create.ts';
import { borgError } from './errors.ts';
import { measureLeastRoom } from './least-room.ts';
import { renamesAuthentically } from './versions.ts';
import { parseListing, parseSizes } from './listing.ts';

export interface BorgOptions {
  readonly config: RepositoryConfig;
  readonly commands: CommandRunner;
  /** From `borgEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: Progress;
}

/** The archive store: real Borg, one command a method. */
export function createRepository(options: BorgOptions): Repository {
  const { commands } = options;
  const location = options.config.location;
  let temporary: Readonly<Record<string, string>> = {};
  const command = (args: readonly string[]): Command => ({
    file: 'borg',
    args: [...commonArguments(options.config.lockWaitMs), ...args],
    env: { ...options.environment, ...temporary },
    secret: options.config.passphrase.reveal(),
  });
  const run = async (verb: string, flags: readonly string[], positional: readonly string[]): Promise<CommandResult> => {
    const result = await commands.run(command(borgArguments(verb, flags, positional)));
    if (result.exitCode !== 0) throw borgError(location, verb, result);
    return result;
  };

  let lastSizes: RepositorySizes | undefined;
  const noteSizes = (sizes: RepositorySizes): void => void (lastSizes = sizes);
  const createTools = { commands, command, location, progress: options.progress, noteSizes };

  let asked: Promise<string> | undefined;
  const version = (): Promise<string> => {
    asked ??= readVersion(commands, location, temporary).catch((error: unknown) => {
      // Whoever needs it later asks again.
      asked = undefined;
      throw error;
    });
    return asked;
  };

  return {
    location,
    keepTemporaryFilesIn: (directory) => void (temporary = { TMPDIR: directory }),
    version,
    async initialize() {
      await run('init', ['--encryption=repokey-blake2', '--make-parent-dirs'], []);
    },
    async exportKey(file) {
      await refuseExisting(file);
      await run('key export', [], ['::', file]);
    },
    async list() {
      const result = await run('list', ['--json', '--consider-checkpoints', '--format={archive}{hostname}'], []);
      return parseListing(result.stdout);
    },
    create: (request) => startCreate(createTools, request),
    createFromFiles: (request) => startCreateFromFiles(createTools, request),
    async rename(from, to) {
      if (renamesAuthentically(await version())) {
        await run('rename', [], [`::${from}`, to]);
      } else {
        await run('recreate', [`--target=${to}`], [`::${from}`]);
        await run('delete', [], [`::${from}`]);
      }
    },
    async delete(names) {
      const [first, ...others] = names;
      if (first !== undefined) await run('delete', [], [`::${first}`, ...others]);
    },
    async compact() {
      await run('compact', [], []);
    },
    async sizes(archive) {
      const result = await run('info', ['--json'], [`::${archive}`]);
      return parseSizes(result.stdout);
    },
    lastSizes: () => lastSizes,
    leastRoom: () => measureLeastRoom(location, options.environment),
    async readText(archive, path) {
      const result = await commands.run(command(borgArguments('extract', ['--stdout'], [`::${archive}`, path])));
      if (result.exitCode === 1 && result.stderr.includes('never matched')) return undefined;
      if (result.exitCode !== 0) throw borgError(location, 'extract', result);
      return result.stdout;
    },
    startRead: (archive, path) =>
      commands.start({ ...command(borgArguments('extract', ['--stdout'], [`::${archive}`, path])), stdout: 'pipe' }),
    startExport: (archive, paths) =>
      commands.start({ ...command(borgArguments('export-tar', [], [`::${archive}`, '-', ...paths])), stdout: 'pipe' }),
    assertRead(result) {
      if (result.exitCode !== 0) throw borgError(location, 'extract', result);
    },
  };
}

async function readVersion(commands: CommandRunner, location: string, env: Readonly<Record<string, string>>): Promise<string> {
  const result = await commands.run({ file: 'borg', args: ['--version'], env });
  const version = /\d+(\.\d+)+\S*/.exec(result.stdout)?.[0];
  if (result.exitCode !== 0 || version === undefined) throw borgError(location, '--version', result);
  return version;
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new AppError('usage', `The file ${file} is there already; it was left as it is.`, {
    hint: 'Choose another name: an exported key is never written over.',
  });
}
