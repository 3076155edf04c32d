import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { withRetries } from '../../object-requests.ts';
import type { UploadedObject } from '../../object-store.ts';
import { encodePath } from './address.ts';
import { parseAs, requestJson } from './json.ts';
import { piecesOf, portionBytes, type BodyReader } from './portions.ts';
import type { Request, RequestBody, Transport } from './transport.ts';
import type { UploadPlan } from './upload-plan.ts';

export interface UploadJob {
  readonly object: UploadedObject;
  readonly plan: UploadPlan;
  readonly body: BodyReader;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({ Key: z.string() });

/**
 * One POST with all of the object. The client library is not used: it leaves `?` and `#` in names as they are and takes slashes away,
 * and it makes `max-age=...` of every cache-control. A body of one portion is kept and sent again when that may help; over an answer
 * that was lost an upsert writes the same once more. What is larger is sent as it comes, once.
 */
export async function uploadOnce(transport: Transport, job: UploadJob): Promise<void> {
  const { object, body, signal } = job;
  if (object.size > portionBytes) {
    await send(transport, job, { bytes: object.size, pieces: body.stream() });
    return;
  }
  const bytes = await body.readPortion();
  await withRetries(transport.retryPolicy, signal, async () =>
    send(transport, job, { bytes: bytes.length, pieces: piecesOf(bytes) }),
  );
}

async function send(transport: Transport, { object, plan, signal }: UploadJob, file: RequestBody): Promise<void> {
  const what = `${object.bucket}/${object.name}`;
  const path = `/object/${encodePath(object.bucket)}/${encodePath(object.name)}`;
  const content = plan.way === 'form' ? formOf(plan, file) : { headers: headersOf(plan), body: file };
  const headers = { ...content.headers, 'x-upsert': 'true' };
  const text = await requestJson(transport, { what, method: 'POST', path, headers, body: content.body, signal });
  parseAs(what, answerSchema, JSON.parse(text));
}

function headersOf({ contentType, cacheControl, userMetadata }: UploadPlan): Record<string, string> {
  return {
    // What the service stores when none is sent.
    'content-type': contentType ?? 'application/octet-stream',
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...(userMetadata === undefined ? {} : { 'x-metadata': Buffer.from(userMetadata).toString('base64') }),
  };
}

/** Fields after the file would be lost. The service puts `max-age=` before the cacheControl of a form. */
function formOf(
  { contentType = 'application/octet-stream', cacheControl, userMetadata }: UploadPlan,
  file: RequestBody,
): Required<Pick<Request, 'headers' | 'body'>> {
  const boundary = `form-${randomUUID()}`;
  const fields = [
    ...(cacheControl?.startsWith('max-age=') === true ? [['cacheControl', cacheControl.slice('max-age='.length)]] : []),
    ...(userMetadata === undefined ? [] : [['metadata', userMetadata]]),
    ['contentType', contentType],
  ];
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const disposition = 'content-disposition: form-data; name="file"; filename="file"';
  const head = `${parts.join('')}--${boundary}\r\n${disposition}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const [before, after] = [Buffer.from(head), Buffer.from(`\r\n--${boundary}--\r\n`)];
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: { bytes: before.length + file.bytes + after.length, pieces: enclose(before, file, after) },
  };
}

async function* enclose(before: Buffer, file: RequestBody, after: Buffer): AsyncGenerator<Uint8Array> {
  yield before;
  yield* file.pieces;
  yield after;
}
