import type { RunContext, Session } from '../../context.ts';
import { inBatches } from '../../domain/batches.ts';
import type { InventoryBucket } from '../../domain/storage/inventory.ts';
import type { BucketDifference, ObjectComparison, ObjectDifference } from '../../domain/storage/object-comparison.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import type { ObjectStore } from '../../object-store.ts';
import { compareBuckets } from './compare-buckets.ts';
import { compareRows } from './compare-rows.ts';
import { isSampled } from './sampled.ts';
import { SumReader, type ReadSum } from './read-sums.ts';
import { findOtherObjects } from './target-rows.ts';

export interface ComparisonTarget {
  /** To the database of the target. */
  readonly session: Pick<Session, 'query'>;
  /** How bytes are read; undefined where rows alone are compared. */
  readonly reading:
    | {
        readonly store: Pick<ObjectStore, 'download'>;
        readonly concurrency: number;
        /** Of how many percent of the objects the bytes are read. */
        readonly sample: number;
      }
    | undefined;
}

/** Rows that are asked for at once. */
const portion = 500;

/** Compares the objects of one bucket after the other with what a target has. */
export class ObjectComparing {
  readonly #context: RunContext;
  readonly #target: ComparisonTarget;
  readonly #reader: SumReader | undefined;
  readonly #differences: ObjectDifference[] = [];
  #buckets: readonly BucketDifference[] = [];
  #compared = 0;
  #downloaded = 0;

  constructor(context: RunContext, target: ComparisonTarget) {
    this.#context = context;
    this.#target = target;
    this.#reader = target.reading === undefined ? undefined : new SumReader(context, target.reading.store);
  }

  get outcome(): ObjectComparison {
    const count = (wanted: ObjectDifference['kind']): number => this.#differences.filter(({ kind }) => kind === wanted).length;
    const different = count('different');
    const missing = count('missing');
    const unreadable = count('unreadable');
    return {
      compared: this.#compared,
      downloaded: this.#downloaded,
      bytes: this.#reader?.bytes ?? 0,
      equal: this.#compared - different - missing - unreadable,
      different,
      missing,
      extra: count('extra'),
      unreadable,
      differences: this.#differences,
      buckets: this.#buckets,
    };
  }

  /** `all` tells that the backup has no other buckets, so that those which the target has besides are extra, with all in them. */
  async compareSettings(buckets: readonly InventoryBucket[], all: boolean): Promise<void> {
    this.#buckets = await compareBuckets(this.#target.session, buckets, all);
    for (const { bucket, kind } of this.#buckets) {
      if (kind === 'extra') await this.compareBucket(bucket, [], true);
    }
  }

  /**
   * Compares these objects, of which no other call knows; `whole` tells that they are all that the backup has of the bucket, so that what
   * the target has besides is extra. Throws when the run is aborted, and what the database throws.
   */
  async compareBucket(
    bucket: string,
    objects: Iterable<SidecarObject> | AsyncIterable<SidecarObject>,
    whole: boolean,
  ): Promise<void> {
    const found: ObjectDifference[] = [];
    const names: string[] = [];
    const work = this.#compareAll(bucket, objects, { found, names });
    await inParallel(this.#context.signal, this.#target.reading?.concurrency ?? 1, (signal) =>
      this.#compareBytes(bucket, { work, found, signal }),
    );
    found.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
    const extra = whole ? await findOtherObjects(this.#target.session, bucket, names) : [];
    this.#differences.push(...found, ...extra.map((name): ObjectDifference => ({ bucket, name, kind: 'extra', what: [] })));
  }

  /** Hands on those whose bytes are still to be read, with what their rows say otherwise. */
  async *#compareAll(
    bucket: string,
    objects: Iterable<SidecarObject> | AsyncIterable<SidecarObject>,
    { found, names }: { readonly found: ObjectDifference[]; readonly names: string[] },
  ): AsyncGenerator<{ readonly object: SidecarObject; readonly what: string[] }> {
    for await (const part of inBatches(objects, portion)) {
      names.push(...part.map(({ name }) => name));
      const rows = await compareRows(this.#target.session, bucket, part);
      for (const object of part) {
        this.#compared += 1;
        const what = rows.get(object.name);
        if (what === undefined) found.push({ bucket, name: object.name, kind: 'missing', what: [] });
        else if (isSampled(object.name, this.#target.reading?.sample ?? 0)) yield { object, what };
        else if (what.length > 0) found.push({ bucket, name: object.name, kind: 'different', what });
      }
    }
  }

  async #compareBytes(
    bucket: string,
    {
      work,
      found,
      signal,
    }: {
      readonly work: AsyncGenerator<{ readonly object: SidecarObject; readonly what: string[] }>;
      readonly found: ObjectDifference[];
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    // A `for await` of one worker would end the work of all when it ends itself.
    for (let next = await work.next(); next.done !== true; next = await work.next()) {
      const { object, what } = next.value;
      const { name } = object;
      const sum = await this.#reader!.read({ bucket, name }, signal);
      if (typeof sum === 'object' && 'reason' in sum) {
        found.push({ bucket, name, kind: 'unreadable', what: [sum.reason, ...what] });
        continue;
      }
      this.#downloaded += sum === 'no bytes' ? 0 : 1;
      const all = [...new Set([...differenceOfBytes(object, sum), ...what])];
      if (all.length > 0) found.push({ bucket, name, kind: 'different', what: all });
    }
  }
}

function differenceOfBytes({ size, sha256 }: SidecarObject, sum: Exclude<ReadSum, { reason: string }>): string[] {
  if (sum === 'no bytes') return ['no bytes'];
  return [...(sum.sha256 === sha256 ? [] : ['content']), ...(sum.size === size ? [] : ['size'])];
}

/** Runs so many workers, and ends them all when one fails. Throws what that one threw, after all have ended. */
async function inParallel(signal: AbortSignal, workers: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    try {
      await work(either);
    } catch (error) {
      failure ??= { error };
      ending.abort();
    }
  };
  await Promise.all(Array.from({ length: workers }, run));
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
