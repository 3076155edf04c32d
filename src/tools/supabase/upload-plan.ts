import type { UploadedObject } from '../../object-store.ts';
import { encodePath, hasDotSegment } from './address.ts';
import { portionBytes } from './portions.ts';

/** A body that is the object, a form, or a resumable upload (TUS). Each can carry something that the others cannot. */
export type UploadWay = 'raw' | 'form' | 'resumable';

export interface UploadPlan {
  readonly way: UploadWay;
  /** What is sent; undefined for what is not. */
  readonly contentType: string | undefined;
  readonly cacheControl: string | undefined;
  /** JSON text. */
  readonly userMetadata: string | undefined;
  readonly deviations: readonly string[];
}

/** All headers of a request; Node refuses more than 16 KiB (431), and some go to the key and to what lies in between. */
const headerBytes = 12 * 1024;
/** Of user metadata, as JSON text. */
const headerMetadataBytes = 8 * 1024;
const formMetadataBytes = 1024 * 1024;
/** The line of a header beyond which nginx, and so Kong, refuses a request unless told otherwise. */
const commonLineBytes = 8000;
/** What hosted projects take in other than resumable uploads. */
const streamedBytes = 5_000_000_000;

/**
 * The way that keeps the most of an object, by what the service does (measured on supabase/storage 1.11.2):
 * - raw: cache-control as it is, user metadata as far as a header holds it.
 * - form: user metadata up to 1 MiB (more is lost without an error), cache-control only as `max-age=...` or no-cache.
 * - resumable: any size, name and type; user metadata in a header, cache-control only as `max-age=N` or no-cache.
 * Objects of one portion go in one request, which can be sent again; larger ones are resumable where nothing is lost by it, for another
 * request of theirs cannot be sent twice.
 */
export function planUpload(object: UploadedObject): UploadPlan {
  const ways: UploadWay[] = object.size <= portionBytes ? ['raw', 'form', 'resumable'] : ['resumable', 'raw', 'form'];
  const metadata = readMetadata(object.userMetadata);
  const plans = ways.filter((way) => isPossible(way, object)).map((way) => planWay(way, object, metadata));
  return plans.reduce((best, plan) => (plan.loss < best.loss ? plan : best));
}

function planWay(way: UploadWay, object: UploadedObject, metadata: Metadata): UploadPlan & { readonly loss: number } {
  const cacheControl = object.cacheControl?.trim() === '' ? undefined : object.cacheControl;
  const keepsCacheControl = cacheControl === undefined || carriesCacheControl(way, cacheControl);
  const problem = metadata.problem ?? findMetadataProblem(way, object, metadata.bytes);
  const isLongLine = way !== 'form' && toBase64Length(metadata.bytes) > commonLineBytes;
  return {
    way,
    contentType: object.contentType === '' ? undefined : object.contentType,
    cacheControl: keepsCacheControl ? cacheControl : undefined,
    userMetadata: problem === undefined && metadata.bytes > 0 ? object.userMetadata! : undefined,
    loss: (keepsCacheControl ? 0 : 2) + (problem === undefined ? 0 : 4) + (isLongLine ? 1 : 0),
    deviations: [
      ...(keepsCacheControl ? [] : [describeCacheControl(way, cacheControl, metadata.bytes)]),
      ...(problem === undefined ? metadata.deviations : [problem]),
    ],
  };
}

function isPossible(way: UploadWay, { bucket, name, size, contentType = '' }: UploadedObject): boolean {
  if (way === 'resumable') return true;
  if (size > streamedBytes || hasDotSegment(name) || hasDotSegment(bucket)) return false;
  if (contentType === '') return true;
  // Others the service refuses, but for resumable uploads: "Invalid Content-Type header".
  if (!fitsHeader(contentType) || !/^[^/\s;]+\/[^/\s;]+/.test(contentType)) return false;
  return way === 'form' || !/^multipart\/form-data/i.test(contentType);
}

function carriesCacheControl(way: UploadWay, value: string): boolean {
  if (value === 'no-cache') return true;
  if (way === 'resumable') return /^max-age=-?\d+$/.test(value);
  return fitsHeader(value) && (way === 'raw' || /^max-age=./.test(value));
}

function describeCacheControl(way: UploadWay, value: string | undefined, metadataBytes: number): string {
  const what = `its cache-control (${value?.slice(0, 200)}) cannot be kept`;
  if (way === 'form' && metadataBytes > 0) return `${what} together with ${metadataBytes} bytes of user metadata`;
  return way === 'raw' ? what : `${what} in the only kind of upload that takes its name, type or size`;
}

interface Metadata {
  readonly bytes: number;
  /** Why no way can carry it. */
  readonly problem?: string;
  /** What is not kept of it in any way. */
  readonly deviations: readonly string[];
}

function readMetadata(text: string | null): Metadata {
  if (text === null || text === 'null') return { bytes: 0, deviations: [] };
  const bytes = Buffer.byteLength(text);
  let changed: string | undefined;
  const value: unknown = JSON.parse(text, (_key, part: unknown, context?: { readonly source?: string }) => {
    if (typeof part === 'number' && context?.source !== undefined && JSON.stringify(part) !== context.source)
      changed ??= context.source;
    return part;
  });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { bytes, problem: 'its user metadata is no JSON object, and the Storage API takes no other', deviations: [] };
  // The service reads and writes it as JavaScript does.
  const number = `a number in its user metadata (${changed?.slice(0, 50)}) is stored as JavaScript writes it`;
  return { bytes, deviations: changed === undefined ? [] : [number] };
}

function findMetadataProblem(way: UploadWay, { bucket, name, ...object }: UploadedObject, bytes: number): string | undefined {
  if (bytes === 0) return undefined;
  if (bytes > formMetadataBytes) return `its user metadata has ${bytes} bytes, and the Storage API takes 1 MiB`;
  if (way === 'form') return undefined;
  const names = way === 'raw' ? encodePath(`${bucket}/${name}`).length : toBase64Length(Buffer.byteLength(bucket + name));
  const others = names + (object.contentType?.length ?? 0) + (object.cacheControl?.length ?? 0);
  const fits = bytes <= headerMetadataBytes && toBase64Length(bytes) + others <= headerBytes;
  return fits ? undefined : `its user metadata has ${bytes} bytes, which is more than fits into the upload that it needs`;
}

function toBase64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** Whether a value arrives as it was sent: no white space around it, nothing but ASCII. */
function fitsHeader(value: string): boolean {
  return /^[!-~](?:[ -~]*[!-~])?$/.test(value);
}
