import type { Dispatcher } from 'undici';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { withRetries } from '../../object-requests.ts';
import { hasDotSegment } from './address.ts';
import { describeObject } from './describe-object.ts';
import { toTransportError } from './failures.ts';
import { piecesOf, portionBytes, type BodyReader } from './portions.ts';
import { storagePathOf, type Request, type Transport } from './transport.ts';
import type { UploadJob } from './upload-once.ts';

/** An upload that the server has begun. */
interface Session {
  readonly transport: Transport;
  readonly job: UploadJob;
  readonly what: string;
  /** Below /storage/v1. */
  readonly path: string;
}

/** So that neither the server nor who reads the body has to wait for the other. */
const portionsAhead = 2;

const protocol = { 'tus-resumable': '1.0.0', 'x-upsert': 'true' } as const;

/**
 * By TUS (https://tus.io/protocols/resumable-upload), in portions that are each sent again from where the server stands when something
 * fails. `x-upsert` has to be on every request. The row comes into being with the last portion.
 */
export async function uploadResumably(transport: Transport, job: UploadJob): Promise<void> {
  const { object, body, signal } = job;
  const what = `${object.bucket}/${object.name}`;
  // Where there is but one portion, it has to be known to be whole before the server hears of it: an empty one comes with the first request.
  let portion = await body.readPortion();
  const path = await withRetries(transport.retryPolicy, signal, () => create(transport, job, what));
  if (object.size === 0) return;
  const session = { transport, job, what, path };
  const following = new PortionsAhead(body, Math.ceil(object.size / portionBytes) - 1);
  try {
    for (let start = 0; ; portion = await following.next()) {
      await sendPortion(session, portion, start);
      start += portion.length;
      body.giveBack(portion);
      if (start === object.size) return;
    }
  } catch (error) {
    await following.settle();
    if (!signal.aborted && (body.failure !== undefined || isFinal(error))) await abandon(session);
    throw error;
  }
}

/** Portions of a body that are read while others are sent. */
class PortionsAhead {
  readonly #body: BodyReader;
  readonly #asked: Promise<Buffer>[] = [];
  #left: number;

  /** Asks for the first ones of `count`. */
  constructor(body: BodyReader, count: number) {
    this.#body = body;
    this.#left = count;
    this.#ask();
  }

  /** Throws what reading failed with. */
  async next(): Promise<Buffer> {
    const portion = await this.#asked.shift()!;
    this.#ask();
    return portion;
  }

  /** No more are asked for, and none is being read when this resolves: somebody else may go on with the body. Never rejects. */
  async settle(): Promise<void> {
    this.#left = 0;
    await Promise.allSettled(this.#asked);
  }

  /** One after the other, since a body is read by one at a time. */
  #ask(): void {
    for (; this.#left > 0 && this.#asked.length < portionsAhead; this.#left -= 1) {
      const before: Promise<unknown> = this.#asked.at(-1) ?? Promise.resolve();
      const portion = before.then(() => this.#body.readPortion());
      portion.catch(() => undefined);
      this.#asked.push(portion);
    }
  }
}

async function create(transport: Transport, { object, plan, signal }: UploadJob, what: string): Promise<string> {
  const seconds = plan.cacheControl?.match(/^max-age=(-?\d+)$/)?.[1];
  const metadata = {
    bucketName: object.bucket,
    objectName: object.name,
    ...(plan.contentType === undefined ? {} : { contentType: plan.contentType }),
    ...(seconds === undefined ? {} : { cacheControl: seconds }),
    // Without one, or with null, an object that is replaced keeps what it has.
    metadata: plan.userMetadata ?? '{}',
  };
  const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`);
  const headers = { ...protocol, 'upload-length': String(object.size), 'upload-metadata': pairs.join(',') };
  const request = { what, method: 'POST', path: '/upload/resumable', headers, expects: [201], signal } as const;
  const { location } = await requestEmpty(transport, request);
  const path = typeof location === 'string' ? storagePathOf(transport.url, request.path, location) : undefined;
  if (path === undefined)
    throw new StorageError('invalid', `${what}: the server names no address of its own to send the object to.`);
  return path;
}

/** `start` is where the portion lies in the object. */
async function sendPortion(session: Session, portion: Buffer, start: number): Promise<void> {
  const { job, what, transport } = session;
  const end = start + portion.length;
  const isLast = end === job.object.size;
  let known: number | undefined = start;
  await withRetries(transport.retryPolicy, job.signal, async () => {
    if (known === undefined && isLast && (await isStored(session))) return;
    const offset = known ?? (await askOffset(session));
    known = undefined;
    if (offset === end && !isLast) return;
    if (offset === end) throw new StorageError('transient', `${what}: all of it has arrived, but the object is not there.`);
    if (offset < start || offset > end)
      throw new StorageError('transient', `${what}: the server has ${offset} bytes of it, and does not go on from there.`);
    await sendPart(session, portion.subarray(offset - start), offset);
  });
}

async function sendPart({ transport, job, what, path }: Session, part: Buffer, offset: number): Promise<void> {
  const headers = { ...protocol, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
  const body = { bytes: part.length, pieces: piecesOf(part) };
  const request = { what, method: 'PATCH', path, headers, body, expects: [204, 409], signal: job.signal } as const;
  const answer = await requestEmpty(transport, request);
  if (Number(answer['upload-offset']) !== offset + part.length)
    // Of a 409: part of an attempt that failed may have arrived after the server was asked.
    throw new StorageError('transient', `${what}: the server did not take the part that begins at byte ${offset}.`);
}

async function askOffset({ transport, job, what, path }: Session): Promise<number> {
  const request = { what, method: 'HEAD', path, headers: protocol, signal: job.signal } as const;
  const { 'upload-offset': offset } = await requestEmpty(transport, request);
  if (typeof offset === 'string' && /^\d+$/.test(offset)) return Number(offset);
  throw new StorageError('transient', `${what}: the server does not say how much of it has arrived.`);
}

/**
 * Whether the row is that of this upload. All bytes may be there and the row not, when the server failed between the two. The address of
 * an upload ends with the base64url of BUCKET/NAME/VERSION.
 */
async function isStored({ transport, job, path }: Session): Promise<boolean> {
  const { bucket, name } = job.object;
  if (hasDotSegment(bucket) || hasDotSegment(name)) return false;
  const id = Buffer.from(path.split('/').at(-1)!, 'base64url').toString();
  const version = id.split('/').at(-1);
  const row = await describeObject(transport, job.object, job.signal);
  return row?.version === version;
}

/** Best effort: the server removes what is left of it some time. */
async function abandon({ transport, job, what, path }: Session): Promise<void> {
  const request = { what, method: 'DELETE', path, headers: protocol, expects: [204], signal: job.signal } as const;
  await requestEmpty(transport, request).catch(() => {});
}

function isFinal(error: unknown): boolean {
  return error instanceof StorageError && error.failure === 'invalid';
}

/** The headers of an answer whose body does not matter. */
async function requestEmpty(transport: Transport, request: Request): Promise<Dispatcher.ResponseData['headers']> {
  const { headers, body } = await transport.request(request);
  try {
    await body.dump();
  } catch (error) {
    throw request.signal?.aborted === true ? error : toTransportError(request.what, error);
  }
  return headers;
}
