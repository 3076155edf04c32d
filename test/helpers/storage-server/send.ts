import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Exchange } from './exchange.ts';
import type { FaultEffect } from './faults.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer | Readable;
  /** Of a body that is a stream; also what a HEAD tells. */
  readonly length?: number;
}

export async function sendJson(exchange: Exchange, status: number, value: unknown): Promise<void> {
  await send(exchange, { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) });
}

/** Sends an answer, or what the request's fault makes of it. */
export async function send(exchange: Exchange, answer: Answer): Promise<void> {
  const { response, request, fault } = exchange;
  if (fault?.kind === 'lost-answer') return reset(exchange);
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
  const length = Buffer.isBuffer(body) ? body.length : answer.length!;
  const spoilt = request.method === 'HEAD' ? { length: answer.length ?? length } : spoil(length, fault);
  const headers = { ...answer.headers, ...(answer.status === 204 ? {} : { 'content-length': spoilt.length }) };
  response.writeHead(answer.status, spoilt.closes === true ? { ...headers, connection: 'close' } : headers);
  if (request.method === 'HEAD' || answer.status === 304) {
    if (!Buffer.isBuffer(body)) body.destroy();
    response.end();
    return;
  }
  await writeBody(exchange, cut(reshape(chunksOf(body), fault), spoilt.sent ?? Infinity));
  if (response.destroyed) return;
  if (spoilt.ends === 'reset') return reset(exchange);
  if (spoilt.ends === 'never') return hang(exchange);
  response.end();
}

/** The connection breaks, as when a process dies: the other side sees a reset. */
export function reset({ request }: Exchange): void {
  request.socket.resetAndDestroy();
}

/** Shows what was sent so far, and waits until the other side has given up. */
async function hang(exchange: Exchange): Promise<void> {
  exchange.response.flushHeaders();
  await gone(exchange);
}

/** Waits until the connection is closed. */
export async function gone({ response }: Exchange): Promise<void> {
  if (!response.destroyed) await once(response, 'close');
}

interface Spoilt {
  /** What Content-Length says. */
  readonly length: number;
  /** How many bytes come; all of them unless given. */
  readonly sent?: number;
  readonly ends?: 'reset' | 'never';
  readonly closes?: boolean;
}

function spoil(length: number, fault: FaultEffect | undefined): Spoilt {
  if (fault?.kind === 'short') return { length, sent: Math.max(0, length - fault.missingBytes), closes: true };
  if (fault?.kind === 'wrong-length') return { length: fault.bytes };
  if (fault?.kind === 'reset') return { length, sent: fault.afterBytes ?? 0, ends: 'reset' };
  if (fault?.kind === 'hang') return { length, sent: fault.afterBytes ?? 0, ends: 'never' };
  return { length };
}

async function* chunksOf(body: Buffer | Readable): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) yield body;
  else for await (const chunk of body) yield chunk as Buffer;
}

function reshape(chunks: AsyncGenerator<Buffer>, fault: FaultEffect | undefined): AsyncGenerator<Buffer> {
  if (fault?.kind === 'wrong-length') return resize(chunks, fault.bytes);
  return fault?.kind === 'corrupt' ? corrupt(chunks) : chunks;
}

async function* corrupt(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    yield first ? Buffer.from(chunk.map((byte, i) => (i === 0 ? byte ^ 255 : byte))) : chunk;
    first = false;
  }
}

async function* resize(chunks: AsyncGenerator<Buffer>, length: number): AsyncGenerator<Buffer> {
  let missing = length;
  for await (const chunk of cut(chunks, length)) {
    missing -= chunk.length;
    yield chunk;
  }
  if (missing > 0) yield Buffer.alloc(missing);
}

async function* cut(chunks: AsyncGenerator<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length;
  for await (const chunk of chunks) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

async function writeBody({ response, fault }: Exchange, chunks: AsyncGenerator<Buffer>): Promise<void> {
  for await (const chunk of chunks) {
    for (const piece of fault?.kind === 'slow' ? slice(chunk, fault.pieceBytes) : [chunk]) {
      if (response.destroyed) return;
      if (piece.length > 0 && !response.write(piece)) await drained(response);
      if (fault?.kind === 'slow') await pause(fault.everyMs);
    }
  }
}

/** Or gone. */
async function drained(response: Exchange['response']): Promise<void> {
  const waiting = new AbortController();
  const events = ['drain', 'close'].map((event) => once(response, event, { signal: waiting.signal }));
  await Promise.race(events).finally(() => {
    waiting.abort();
    for (const event of events) event.catch(() => {});
  });
}

function* slice(chunk: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += pieceBytes) yield chunk.subarray(start, start + pieceBytes);
}

export async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}
