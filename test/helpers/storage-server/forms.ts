import { StorageAnswer, tooLarge } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { receiveBody } from './fault-answers.ts';
import type { BucketRow } from './rows.ts';
import { checkType, readUserMetadata, receiveFile, sizeLimit, type Arrived, type UploadDetails } from './receiving.ts';

/** Of one field. What is longer is cut there, and then is no JSON any more. */
const fieldLimit = 1_048_576;

/**
 * Takes a form as supabase-js sends it: fields, then the file. Fields that come after it do not count: the service may see them or not.
 * The headers cache-control and x-metadata do not count either.
 */
export async function receiveForm(
  exchange: Exchange,
  bucket: BucketRow,
): Promise<{ arrived: Arrived; details: UploadDetails }> {
  const { fields, file } = await readForm(exchange);
  if (file === undefined) throw noContent();
  const mimetype = fields.get('contentType') ?? file.type;
  checkType(mimetype, bucket);
  if (file.size > sizeLimit(exchange, bucket)) throw tooLarge();
  const cacheControl = fields.get('cacheControl');
  const details = {
    mimetype,
    cacheControl: cacheControl ? `max-age=${cacheControl}` : 'no-cache',
    userMetadata: readUserMetadata(fields.get('metadata') ?? fields.get('userMetadata'), 'utf8'),
  };
  const bytes = Buffer.from(await file.arrayBuffer());
  return { arrived: await receiveFile(exchange, [bytes]), details };
}

const noContent = () =>
  new StorageAnswer(400, {
    statusCode: '400',
    error: 'InvalidRequest',
    message: 'No content provided',
    code: 'InvalidRequest',
  });

async function readForm(exchange: Exchange): Promise<{ fields: Map<string, string>; file: File | undefined }> {
  const chunks: Buffer[] = [];
  for await (const chunk of receiveBody(exchange)) chunks.push(chunk);
  const headers = { 'content-type': exchange.request.headers['content-type']! };
  const form = await new Response(Buffer.concat(chunks), { headers }).formData().catch(() => {
    throw noContent();
  });
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value !== 'string') return { fields, file: value };
    fields.set(name, Buffer.from(value).subarray(0, fieldLimit).toString());
  }
  return { fields, file: undefined };
}
