import type { Readable, Writable } from 'node:stream';

export interface Files {
  /**
   * A private directory (0700) for one run, below STATE_DIR. Directories that killed runs have left are removed first, with
   * whatever still runs in them: the caller holds the project's lock.
   */
  createWorkDirectory(name: string): Promise<string>;
  removeWorkDirectory(path: string): Promise<void>;
  /** Makes named pipes (0600), with the directories that lead to them. */
  createFifos(paths: readonly string[]): Promise<void>;
  /** Opens a named pipe for writing as soon as somebody reads it. Rejects with the signal's reason when that is aborted first. */
  openFifoForWriting(path: string, signal: AbortSignal): Promise<Writable>;
  /** Writes all of a stream into a new private file (0600). */
  saveStream(path: string, stream: Readable): Promise<void>;
  readFile(path: string): Readable;
  /** Makes a directory (0700), or takes an empty one. Throws AppError usage for whatever else is there. */
  openOutputDirectory(path: string): Promise<OutputDirectory>;
  freeBytes(path: string): Promise<number>;
  /** The permission bits of a file or directory; undefined when there is none. */
  permissions(path: string): Promise<number | undefined>;
  /** Why no file can be made in a directory; undefined where one can. */
  writeProblem(directory: string): Promise<string | undefined>;
}

/** A directory that fills with files. */
export interface OutputDirectory {
  /**
   * Writes a new file (0600) with the directories (0700) that lead to it; it gets its name when it is whole. When the content throws,
   * there is no file, and this throws the same. Never replaces anything, nor follows a link. Throws AppError no_space, failed.
   */
  write(file: { readonly path: string; readonly modified: Date | undefined }, content: AsyncIterable<Buffer>): Promise<void>;
}
