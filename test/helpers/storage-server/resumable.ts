import { createHash, randomUUID, type Hash } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { invalidKey, invalidParameter, missingBucket, StorageAnswer } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { receiveBody } from './fault-answers.ts';
import { requireBucket } from './rows.ts';
import { send } from './send.ts';
import { checkTarget, checkType, finishUpload, sizeLimit, type UploadTarget } from './receiving.ts';

/** An upload by TUS (https://tus.io/protocols/resumable-upload), finished or not. It is known as long as the server runs. */
export interface ResumableUpload {
  readonly target: UploadTarget;
  readonly path: string;
  readonly digest: Hash;
  /** As they are told by HEAD: what was sent, with the cacheControl that is stored. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Undefined: not told yet. */
  length: number | undefined;
  offset: number;
  /** The request that is being served; the next one waits for it. */
  current: Promise<unknown>;
}

/** Answers /upload/resumable; `id` is undefined where a new one is asked for. Errors are plain text with their own status. */
export async function answerResumable(exchange: Exchange, id: string | undefined): Promise<void> {
  const { method, headers } = exchange.request;
  try {
    if (method === 'OPTIONS') return await sendText(exchange, 204, { headers: describeProtocol(exchange) });
    if (headers['tus-resumable'] !== '1.0.0') throw new TusAnswer(412, 'Tus-Resumable Required\n');
    if (method === 'POST' && id === undefined) return await create(exchange);
    const upload = id === undefined ? undefined : exchange.service.uploads.get(id);
    if (upload === undefined) throw new TusAnswer(404, 'The file for this url was not found\n');
    const served = upload.current.then(() => continueUpload(exchange, id!, upload));
    upload.current = served.catch(() => {});
    return await served;
  } catch (error) {
    if (error instanceof TusAnswer) return sendText(exchange, error.status, { body: error.message });
    if (exchange.response.destroyed) throw error;
    const status = error instanceof StorageAnswer ? Number(error.body['statusCode']) : 500;
    const body = status === 500 ? `Something went wrong with that request\n${String(error)}\n` : (error as Error).message;
    await sendText(exchange, status, { body });
  }
}

class TusAnswer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function describeProtocol({ service }: Exchange): Record<string, string> {
  return {
    'tus-extension': 'creation,creation-with-upload,creation-defer-length,termination,expiration',
    'tus-max-size': String(service.options.fileSizeLimit),
    'tus-version': '1.0.0',
  };
}

async function create(exchange: Exchange): Promise<void> {
  const { headers } = exchange.request;
  const { bytes, uploads } = exchange.service;
  if (typeof headers['upload-metadata'] !== 'string') throw new TusAnswer(400, 'Metadata header is required');
  const sent = readMetadata(headers['upload-metadata']);
  const [bucketId = '', name = ''] = [sent.get('bucketName'), sent.get('objectName')];
  if (name === '') throw invalidKey(name);
  const length = headers['upload-length'] === undefined ? undefined : Number(headers['upload-length']);
  const bucket = await requireBucket(exchange, bucketId).catch(() => {
    throw missingBucket();
  });
  const target = { bucket: bucketId, name, version: randomUUID(), upsert: headers['x-upsert'] === 'true' };
  readUserMetadata(sent);
  await checkTarget(exchange, target);
  const type = sent.get('contentType');
  if (type !== undefined && bucket.allowed_mime_types !== null) checkType(type, bucket);
  if ((length ?? 0) > sizeLimit(exchange, bucket)) throw new TusAnswer(413, 'Maximum size exceeded\n');
  const cacheControl = /^-?\d+$/.test(sent.get('cacheControl') ?? '') ? `max-age=${sent.get('cacheControl')}` : 'no-cache';
  const metadata = new Map(sent).set('cacheControl', cacheControl);
  const path = bytes.temporaryPath();
  await writeFile(path, '');
  const upload: ResumableUpload = {
    target,
    path,
    digest: createHash('md5'),
    metadata,
    length,
    offset: 0,
    current: Promise.resolve(),
  };
  const id = Buffer.from(`${bucketId}/${name}/${target.version}`).toString('base64url');
  uploads.set(id, upload);
  const location = `http://${headers.host}/storage/v1/upload/resumable/${id}`;
  if (headers['content-type'] !== 'application/offset+octet-stream' && length !== 0)
    return sendText(exchange, 201, { headers: { location } });
  const complete = await receivePart(exchange, upload);
  const offset = length === 0 ? {} : { 'upload-offset': upload.offset };
  await sendText(exchange, 201, { headers: { location, ...offset, ...complete } });
}

async function continueUpload(exchange: Exchange, id: string, upload: ResumableUpload): Promise<void> {
  const { method, headers } = exchange.request;
  if (method === 'HEAD') return sendText(exchange, 200, { headers: describeUpload(upload) });
  await checkTarget(exchange, { ...upload.target, upsert: headers['x-upsert'] === 'true' });
  if (method === 'DELETE') {
    exchange.service.uploads.delete(id);
    await rm(upload.path, { force: true });
    return sendText(exchange, 204, {});
  }
  if (headers['content-type'] !== 'application/offset+octet-stream') throw new TusAnswer(400, 'Invalid content-type\n');
  if (Number(headers['upload-offset']) !== upload.offset) throw new TusAnswer(409, 'Upload-Offset conflict\n');
  if (upload.length === undefined && headers['upload-length'] !== undefined) upload.length = Number(headers['upload-length']);
  const complete = await receivePart(exchange, upload);
  await sendText(exchange, 204, { headers: { 'upload-offset': upload.offset, ...complete } });
}

/** Keeps what arrives, also of a request that breaks off, and finishes the upload when that was all. */
async function receivePart(exchange: Exchange, upload: ResumableUpload): Promise<{ 'tus-complete'?: string }> {
  const left = (upload.length ?? Infinity) - upload.offset;
  const exceeded = () => new TusAnswer(413, "upload's size exceeded\n");
  if (Number(exchange.request.headers['content-length'] ?? 0) > left) throw exceeded();
  const file = await open(upload.path, 'a');
  try {
    for await (const chunk of receiveBody(exchange)) {
      if (upload.offset + chunk.length > (upload.length ?? Infinity)) throw exceeded();
      await file.appendFile(chunk);
      upload.digest.update(chunk);
      upload.offset += chunk.length;
    }
  } finally {
    await file.close();
  }
  if (upload.offset !== upload.length) return {};
  const { path, metadata, target } = upload;
  const arrived = { path, size: upload.offset, digest: upload.digest.copy().digest('hex') };
  const mimetype = metadata.get('contentType') ?? 'application/octet-stream';
  const details = { mimetype, cacheControl: metadata.get('cacheControl')!, userMetadata: readUserMetadata(metadata) };
  const upsert = exchange.request.headers['x-upsert'] === 'true';
  await finishUpload(exchange, { ...target, upsert }, { arrived, details });
  return { 'tus-complete': '1' };
}

function readMetadata(header: string): Map<string, string> {
  const pairs = header.split(',').map((pair) => pair.trim().split(' '));
  return new Map(pairs.map(([key = '', value = '']) => [key, Buffer.from(value, 'base64').toString()]));
}

/** Unlike in a plain upload, none at all, or none that can be read, leaves what the row has. */
function readUserMetadata(metadata: ReadonlyMap<string, string>): unknown {
  let value: unknown;
  try {
    value = JSON.parse(metadata.get('metadata') ?? 'null');
  } catch {
    return undefined;
  }
  if (typeof value === 'string' || Array.isArray(value)) throw invalidParameter('invalid input syntax for type json');
  return value ?? undefined;
}

function describeUpload({ metadata, length, offset }: ResumableUpload): Record<string, string | number> {
  const pairs = [...metadata].map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`);
  const told = length === undefined ? { 'upload-defer-length': '1' } : { 'upload-length': length };
  return { 'cache-control': 'no-store', 'upload-offset': offset, ...told, 'upload-metadata': pairs.join(',') };
}

interface Text {
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
}

async function sendText(exchange: Exchange, status: number, { headers = {}, body = '' }: Text): Promise<void> {
  const type = status === 204 ? {} : { 'content-type': 'text/plain;charset=UTF-8' };
  // Like the service: after a refused part, what is still being sent is not read.
  const closes = status >= 400 && exchange.request.method === 'PATCH' ? { connection: 'close' } : {};
  await send(exchange, { status, headers: { 'tus-resumable': '1.0.0', ...type, ...closes, ...headers }, body });
}
