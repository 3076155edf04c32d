import { randomUUID } from 'node:crypto';
import { invalidKey, tooLarge } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { receiveBody } from './fault-answers.ts';
import { receiveForm } from './forms.ts';
import {
  checkTarget,
  checkType,
  finishUpload,
  readUserMetadata,
  receiveFile,
  sizeLimit,
  type Arrived,
  type UploadDetails,
} from './receiving.ts';
import { requireBucket, type BucketRow } from './rows.ts';
import { sendJson } from './send.ts';

/** POST and PUT /object/BUCKET/NAME, whose body is the object itself or a form. */
export async function upload(exchange: Exchange, bucketId: string, name: string): Promise<void> {
  const { request } = exchange;
  if (name === '') throw invalidKey(name);
  const bucket = await requireBucket(exchange, bucketId);
  const upsert = request.method === 'PUT' || request.headers['x-upsert'] === 'true';
  const target = { bucket: bucketId, name, version: randomUUID(), upsert };
  const isForm = request.headers['content-type']?.startsWith('multipart/form-data') === true;
  await checkTarget(exchange, target);
  const { arrived, details } = isForm ? await receiveForm(exchange, bucket) : await receiveRaw(exchange, bucket, name);
  const id = await finishUpload(exchange, target, { arrived, details });
  await sendJson(exchange, 200, { Key: `${bucketId}/${name}`, Id: id });
}

async function receiveRaw(
  exchange: Exchange,
  bucket: BucketRow,
  name: string,
): Promise<{ arrived: Arrived; details: UploadDetails }> {
  const { headers } = exchange.request;
  const mimetype = headers['content-type'] ?? 'application/octet-stream';
  checkType(mimetype, bucket);
  const details = {
    mimetype,
    cacheControl: headers['cache-control']?.trim() || 'no-cache',
    ...(typeof headers['x-robots-tag'] === 'string' ? { robotsTag: headers['x-robots-tag'] } : {}),
    userMetadata: readUserMetadata(headers['x-metadata'], 'base64'),
  };
  // The service trusts Content-Length; without one, any size gets in.
  if (Number(headers['content-length'] ?? 0) > sizeLimit(exchange, bucket)) throw tooLarge();
  if (name.endsWith('.emptyFolderPlaceholder') && Number(headers['content-length'] ?? 0) > 0) throw tooLarge();
  return { arrived: await receiveFile(exchange, receiveBody(exchange)), details };
}
