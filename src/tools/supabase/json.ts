import type { z } from 'zod';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { toTransportError } from './failures.ts';
import type { Request, Transport } from './transport.ts';

/** The text of an answer that is JSON. Throws StorageError for another one: a page of a proxy, say, with the status 200. */
export async function requestJson(transport: Transport, request: Request): Promise<string> {
  const { body } = await transport.request(request);
  let text: string;
  try {
    text = await readText(request.what, body);
  } catch (error) {
    throw request.signal?.aborted === true ? error : toTransportError(request.what, error);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw strangeAnswer(request.what, error);
  }
  return text;
}

/** A page of a list is a thousand objects; a bucket is a few hundred bytes. */
const longestAnswer = 64 * 1024 * 1024;

async function readText(what: string, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > longestAnswer) throw strangeAnswer(what, new Error(`more than ${longestAnswer} bytes`));
  }
  return Buffer.concat(chunks).toString();
}

/** Throws StorageError for what has another shape. */
export function parseAs<T>(what: string, schema: z.ZodType<T>, data: unknown): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw strangeAnswer(what, result.error);
}

function strangeAnswer(what: string, cause: unknown): StorageError {
  return new StorageError('transient', `${what}: the answer is not what the Storage API sends.`, { cause });
}
