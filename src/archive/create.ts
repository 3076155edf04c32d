import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArchiveSizes, Command, CommandResult, CreateRequest, PartSource, RunContext } from '../context.ts';
import type { Part } from '../domain/manifest.ts';
import { assertDumped, isBrokenPipe } from './dump-error.ts';

/** How long a Borg that has closed a pipe gets to end by itself and say why. */
const borgFarewellMs = 5_000;

export interface ArchiveRequest extends Pick<CreateRequest, 'name' | 'directory' | 'chunkerParams'> {
  /** In the order of the archive; all of them are streamed through named pipes. */
  readonly parts: readonly PartSource[];
  /** The last file: made of what is known of the parts, once all of them ended well. */
  readonly manifest: { readonly path: string; readonly text: (parts: readonly Part[]) => Promise<string> };
}

/**
 * Streams the parts into a new archive, one named pipe after the other, so that nothing of them touches the disk.
 *
 * Borg takes the end of a pipe for the end of a file, even when its writer has died. So every writer's own end is looked at,
 * and if one failed, Borg is terminated while it still waits for the manifest: then there is no archive at all.
 * Throws the AppError of whatever failed first.
 */
export async function createArchive(context: RunContext, request: ArchiveRequest): Promise<ArchiveSizes> {
  const paths = [...request.parts, request.manifest].map(({ path }) => path);
  await context.files.createFifos(paths.map((path) => join(request.directory, path)));
  const borg = context.repository.create({ ...request, paths });
  let borgFailure: unknown;
  borg.finished.catch((error: unknown) => (borgFailure = error));
  const feeder = new Feeder(context, request.directory, borg.finished);
  try {
    for (const part of request.parts) await feeder.feed(part);
    await feeder.feed({ path: request.manifest.path, text: () => request.manifest.text(feeder.parts) });
    return await borg.finished;
  } catch (error) {
    // A writer whose pipe broke tells only that Borg has ended; why, Borg knows.
    if (isBrokenPipe(error)) await Promise.race([borg.finished.catch(() => undefined), context.clock.sleep(borgFarewellMs)]);
    const cause = borgFailure ?? error;
    await borg.terminate();
    context.signal.throwIfAborted();
    throw cause;
  } finally {
    feeder.stop();
  }
}

/** Feeds one part after the other; everything it does ends when Borg ends, or when the run is aborted. */
class Feeder {
  readonly parts: Part[] = [];
  readonly #context: RunContext;
  readonly #directory: string;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(context: RunContext, directory: string, borgFinished: Promise<unknown>) {
    this.#context = context;
    this.#directory = directory;
    this.#signal = AbortSignal.any([context.signal, this.#stop.signal]);
    borgFinished.catch((error: unknown) => this.#stop.abort(error));
  }

  stop(): void {
    this.#stop.abort();
  }

  async feed(source: PartSource): Promise<void> {
    const startedMs = this.#context.clock.monotonicMs();
    this.#context.progress.step(`Archiving ${source.path}`);
    const measured = await this.#transfer(source);
    const durationMs = Math.round(this.#context.clock.monotonicMs() - startedMs);
    this.#context.log.debug({ part: source.path, bytes: measured?.bytes, durationMs }, 'part archived');
    this.parts.push({ path: source.path, bytes: measured?.bytes ?? null, sha256: measured?.sha256 ?? null, durationMs });
  }

  async #transfer(source: PartSource): Promise<{ bytes: number; sha256: string } | undefined> {
    if ('writer' in source) {
      await this.#runWriter(source.path, source.writer);
      return undefined;
    }
    const sink = await this.#context.files.openFifoForWriting(join(this.#directory, source.path), this.#signal);
    if ('text' in source) {
      const text = await Promise.race([source.text(), rejectOnAbort(this.#signal)]);
      return writeMeasured(sink, [Buffer.from(text)]);
    }
    return this.#passOn(source.path, source.output, sink);
  }

  async #runWriter(path: string, command: Command): Promise<void> {
    const running = this.#context.commands.start({ ...command, cwd: this.#directory, stdout: 'ignore' });
    assertDumped(path, await this.#whileAlive(running.finished, () => running.terminate()));
  }

  async #passOn(path: string, command: Command, sink: Writable): Promise<{ bytes: number; sha256: string }> {
    const running = this.#context.commands.start({ ...command, cwd: this.#directory, stdout: 'pipe' });
    const work = async (): Promise<[{ bytes: number; sha256: string }, CommandResult]> =>
      Promise.all([writeMeasured(sink, running.stdout!), running.finished]);
    const [measured, result] = await this.#whileAlive(work(), () => running.terminate());
    assertDumped(path, result);
    return measured;
  }

  /** Waits for the end of some work, which is terminated when Borg has ended or the run is aborted. */
  async #whileAlive<T>(work: Promise<T>, terminate: () => Promise<void>): Promise<T> {
    const onAbort = (): void => void terminate();
    if (this.#signal.aborted) onAbort();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      const result = await work;
      this.#signal.throwIfAborted();
      return result;
    } catch (error) {
      await terminate();
      this.#signal.throwIfAborted();
      throw error;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Writes chunks into a pipe, to its end, and tells their size and SHA-256. */
async function writeMeasured(
  sink: Writable,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = async function* (): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await pipeline(measure, sink);
  if (!sink.closed) await once(sink, 'close');
  return { bytes, sha256: hash.digest('hex') };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
