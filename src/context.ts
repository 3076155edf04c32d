import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { ConnectionConfig, ProjectConfig, StorageConnection } from './config/project-config.ts';
import type { AppError } from './errors.ts';
import type { Files } from './files.ts';
import type { Metrics } from './metrics.ts';
import type { Invocation, Notifier } from './notifier.ts';
import type { Mirror, ObjectStore } from './object-store.ts';
import type { StateStore } from './state-store.ts';

/** All that a pipeline works with. composition.ts makes it from a configuration; tests may put another tool into a place. */
export interface RunContext {
  readonly config: ProjectConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly progress: Progress;
  /** Where a run stands; undefined outside of one. */
  readonly stages?: StageState;
  /** Aborted when the user or the system asks the run to end (SIGINT, SIGTERM). */
  readonly signal: AbortSignal;
  /** Ends the run, as the signal does, for a reason that it fails with. */
  endRun(reason: AppError): void;
  readonly commands: CommandRunner;
  readonly repository: Repository;
  readonly databases: Databases;
  readonly files: Files;
  readonly state: StateStore;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
  readonly invocation: Invocation;
  /** Undefined where no key of the project's Storage is configured. */
  readonly storage: StorageTools | undefined;
  /** A mirror in a directory of the caller's own, which is made. */
  openMirror(directory: string): Mirror;
  /** The Storage API of another project; whoever opens it closes it. */
  openObjectStore(connection: StorageConnection & { readonly concurrency: number }): ObjectStore;
  readonly agentVersion: string;
  /** The name of this machine, as Borg writes it into archives. */
  readonly hostname: string;
}

/** Changed by pipeline/stage alone. */
export interface StageState {
  current: { readonly name: string; readonly startedMs: number; facts: StageFacts } | undefined;
}

/** What a stage worked at, as far as it is known. */
export interface StageFacts {
  readonly archive?: string;
  readonly bytes?: number;
}

export interface StorageTools {
  readonly store: ObjectStore;
  /** Opens the project's mirror, which is made when it is missing. The caller holds the project's lock. */
  openMirror(): Mirror;
}

export interface Clock {
  now(): Date;
  /** Milliseconds of a clock that never jumps, for durations. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a person at a terminal sees of long work. All of it is dropped where nobody looks. */
export interface Progress {
  /** A new step has begun: "Dumping data". */
  step(text: string): void;
  /** Bytes done so far of the current step, and of how many if that is known. */
  bytes(done: number, total?: number): void;
  /** The current step, and the line that shows it, is over. */
  end(): void;
}

// ---- processes -------------------------------------------------------------------------------------------------------

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the small environment that every child gets. Never a secret. */
  readonly env?: Readonly<Record<string, string>>;
  /** Handed to the child on file descriptor 3, which no other process can read. */
  readonly secret?: string;
  /** Nothing unless told otherwise. A child that ends before it has read all of it is no error. */
  readonly stdin?: Readable;
  /** 'collect' (the default) keeps the output as text; 'pipe' gives a stream, which has to be read to its end or destroyed. */
  readonly stdout?: 'collect' | 'pipe' | 'ignore';
  readonly onStderrLine?: (line: string) => void;
  /** How long after SIGTERM it gets SIGKILL: ten seconds unless told otherwise. */
  readonly killDelayMs?: number;
  /** Whether a signal that is typed at a terminal (Ctrl-C) is ours alone, to be passed on; it reaches both unless given. */
  readonly ownSession?: boolean;
  /** It may do nothing for as long as it likes, as a server may: STALL_LIMIT is not for it. */
  readonly idles?: true;
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What it printed, when stdout was collected. */
  readonly stdout: string;
  /** The last 64 KiB of what it said on stderr. */
  readonly stderr: string;
}

export interface RunningCommand {
  readonly pid: number | undefined;
  /** The output, when stdout was 'pipe'. */
  readonly stdout: Readable | undefined;
  /** Never rejects, but for a program that cannot be started at all (AppError tool_missing). */
  readonly finished: Promise<CommandResult>;
  /**
   * SIGTERM, after ten seconds (or `killDelayMs`) SIGKILL; resolves when the process is gone. With SIGINT, SIGTERM comes after that time.
   * Called again it only waits. One that outlives SIGKILL, or whose pipes stay open, is given up after three times that time.
   */
  terminate(signal?: 'SIGTERM' | 'SIGINT'): Promise<void>;
}

/** Starts programs, without a shell. A child dies with the agent, even when that is killed with SIGKILL. */
export interface CommandRunner {
  start(command: Command): RunningCommand;
  /** Starts it and waits for the end; terminated when the run is aborted. */
  run(command: Command): Promise<CommandResult>;
}

/** One file of an archive, and where its bytes come from. Commands work in the run's directory. */
export type PartSource =
  /** What the program prints; the agent passes it on, and keeps size and checksum. */
  | { readonly path: string; readonly output: Command }
  /** The program itself writes into the named pipe at `path`: for the dump, which is large. */
  | { readonly path: string; readonly writer: Command }
  /** A text that is made when its turn has come. */
  | { readonly path: string; readonly text: () => Promise<string> };

// ---- Borg ------------------------------------------------------------------------------------------------------------

export interface ArchiveListing {
  readonly name: string;
  /** Borg's id of the archive, which no other archive ever has. */
  readonly id: string;
  /** The host that wrote it. */
  readonly hostname: string;
}

export interface CreateRequest {
  readonly name: string;
  /** The directory that the paths are relative to; named pipes in it are read as files. */
  readonly directory: string;
  readonly paths: readonly string[];
  readonly chunkerParams: string;
}

/** An archive of ordinary files, cut by Borg's default chunker. A file that Borg has seen unchanged is not read again. */
export interface CreateFilesRequest {
  readonly name: string;
  readonly directory: string;
  /** Relative to the directory, in the order of the archive; without newlines. */
  readonly paths: Iterable<string>;
  /** Names the files cache that is used, so that archives of other files do not make it forget these. */
  readonly filesCache: string;
}

export interface ArchiveSizes {
  readonly originalBytes: number;
  /** What the archive added to the repository: compressed, encrypted, and not there before. */
  readonly deduplicatedBytes: number;
}

/** All archives of a repository, others' too, added up. */
export interface RepositorySizes {
  readonly originalBytes: number;
  /** What they take there: deduplicated, compressed and encrypted. */
  readonly storedBytes: number;
}

/** So many bytes have to be free at a directory. */
export interface LeastRoom {
  readonly directory: string;
  readonly bytes: number;
}

export interface RunningCreate {
  /** Resolves when the archive is in the repository; rejects (AppError) when Borg failed or was terminated. */
  readonly finished: Promise<ArchiveSizes>;
  terminate(): Promise<void>;
}

/** A Borg repository. Every method throws AppError: repository_missing, passphrase_wrong, locked, no_space, repository_failed. */
export interface Repository {
  readonly location: string;
  /**
   * Where Borg makes its temporary files from now on: each of its commands makes some as it tests itself, and one that is killed leaves
   * them. A directory that is gone by then counts as none (Python's tempfile takes the next of its list).
   */
  keepTemporaryFilesIn(directory: string): void;
  version(): Promise<string>;
  /** Creates it with `repokey-blake2`; throws repository_exists when there is one. */
  initialize(): Promise<void>;
  /** Writes the encrypted key to a file (mode 0600) that must not exist. */
  exportKey(file: string): Promise<void>;
  /** All archives, oldest first, checkpoints of unfinished ones included. */
  list(): Promise<ArchiveListing[]>;
  create(request: CreateRequest): RunningCreate;
  createFromFiles(request: CreateFilesRequest): RunningCreate;
  rename(from: string, to: string): Promise<void>;
  delete(names: readonly string[]): Promise<void>;
  compact(): Promise<void>;
  sizes(archive: string): Promise<ArchiveSizes>;
  /** What Borg said of the whole repository when this last wrote an archive; undefined when it has written none. */
  lastSizes(): RepositorySizes | undefined;
  /** Below this it is certain that Borg writes no archive; empty where nothing is known. Never throws. */
  leastRoom(): Promise<readonly LeastRoom[]>;
  /** A small file of an archive as text; undefined when it is not in there. */
  readText(archive: string, path: string): Promise<string | undefined>;
  /** Streams a file of an archive; whoever starts it reads `stdout` and looks at its end with `assertRead`. */
  startRead(archive: string, path: string): RunningCommand;
  /** The same for several files, as a tar. */
  startExport(archive: string, paths: readonly string[]): RunningCommand;
  /** Throws when a command of `startRead` or `startExport` did not end well. */
  assertRead(result: CommandResult): void;
}

// ---- PostgreSQL ------------------------------------------------------------------------------------------------------

/** A session that holds one exported snapshot open. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** What one of several statements has answered: none of its rows is kept, of which there may be many. */
export interface StatementResult {
  /** How many columns it gives; 0 for a statement that gives no rows. */
  readonly columns: number;
  readonly rows: number;
  /** How many of the rows begin with anything but `true`. */
  readonly untrue: number;
}

export interface Session {
  /** Several statements at once, in one transaction unless they say otherwise. Throws for the first that fails, with its line. */
  runScript(sql: string): Promise<StatementResult[]>;
  /** Of a COPY ... TO STDOUT the one row `{ rows }`: how many were sent, as text; what was sent is dropped. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** The client programs of one major version, and what `pg_dump --version` says of itself. */
export interface PostgresPrograms {
  readonly version: string;
  readonly major: number;
  readonly directory: string;
  readonly pgDump: string;
  readonly pgDumpall: string;
  readonly pgRestore: string;
  readonly psql: string;
}

/** Access to PostgreSQL servers. Throws AppError: source_unreachable (also for a target), tool_missing. */
export interface Databases {
  connect(connection: ConnectionConfig): Promise<Session>;
  /** Opens `REPEATABLE READ READ ONLY` without time limits, row security off, an empty search_path, and exports its snapshot. */
  openSnapshot(connection: ConnectionConfig): Promise<Snapshot>;
  /** The newest client programs that are at least of this major version. */
  findPrograms(minimumMajor: number): Promise<PostgresPrograms>;
  /** The environment with which client programs reach a server; the password lies in a file (0600) in `directory`. */
  clientEnvironment(connection: ConnectionConfig, directory: string): Promise<Record<string, string>>;
  /**
   * Starts an empty server, the newest that is at least of this major version; `directory` is the run's own, in which what a killed
   * run has left is found. Throws AppError: tool_missing where only client programs are installed, configuration, failed.
   */
  startScratchServer(minimumMajor: number, directory: string): Promise<ScratchServer>;
  /** The directory whose file system holds the data of such a server. */
  scratchPlace(directory: string): Promise<string>;
}

/** A PostgreSQL server of our own, in UTF-8 and C.UTF-8, that nobody else can reach. It ends with the agent, however that ends. */
export interface ScratchServer {
  readonly major: number;
  /** As the superuser `postgres`, without a password, to the database `postgres`. */
  readonly connection: ConnectionConfig;
  /** Stops it at once, whoever is connected, and removes all of it. May be called twice. */
  close(): Promise<void>;
}
