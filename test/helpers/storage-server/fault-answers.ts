import type { Readable } from 'node:stream';
import { StorageAnswer } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { FaultEffect } from './faults.ts';
import { gone, pause, reset, send, sendJson } from './send.ts';

const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;

/** Answers a request that its fault keeps from the service altogether. Answers whether that was so; if not, what comes first is done. */
export async function answerFault(exchange: Exchange): Promise<boolean> {
  const { fault } = exchange;
  if (fault?.kind === 'status') await sendStatus({ ...exchange, fault: undefined }, fault);
  else if (fault?.kind === 'html')
    await send(exchange, { status: 200, headers: { 'content-type': 'text/html' }, body: page('Just a moment...') });
  else if (fault?.kind === 'refuse' && fault.status !== undefined)
    throw new StorageAnswer(fault.status, { message: 'Invalid API key', hint: 'Double check your API key.' });
  else if (fault?.kind === 'reset' && fault.afterBytes === undefined) reset(exchange);
  else if (fault?.kind === 'hang' && fault.afterBytes === undefined) await gone(exchange);
  else {
    if (fault?.kind === 'delay') await pause(fault.ms);
    if (fault?.kind === 'meanwhile') await fault.action();
    return false;
  }
  return true;
}

async function sendStatus(exchange: Exchange, fault: Extract<FaultEffect, { kind: 'status' }>): Promise<void> {
  const { status, retryAfter } = fault;
  const text = retryAfter instanceof Date ? retryAfter.toUTCString() : retryAfter;
  const headers = text === undefined ? {} : { 'retry-after': text };
  if (status === 500)
    return sendJson(exchange, 500, {
      statusCode: '500',
      error: 'Internal',
      message: 'Internal Server Error',
      code: 'InternalError',
    });
  if (status === 429) {
    const body = {
      statusCode: '429',
      error: 'too_many_connections',
      message: 'Too many connections issued to the database',
      code: 'SlowDown',
    };
    const type = { 'content-type': 'application/json; charset=utf-8' };
    return send(exchange, { status, headers: { ...headers, ...type }, body: JSON.stringify(body) });
  }
  const titles = { 502: '502 Bad Gateway', 503: '503 Service Temporarily Unavailable', 504: '504 Gateway Time-out' };
  await send(exchange, { status, headers: { ...headers, 'content-type': 'text/html' }, body: page(titles[status]) });
}

/** The body of an upload, as far as a fault lets it come. Throws when the connection breaks, or is broken by the fault. */
export async function* receiveBody(exchange: Exchange, source: Readable = exchange.request): AsyncGenerator<Buffer> {
  const { fault } = exchange;
  const limit = fault?.kind === 'reset' || fault?.kind === 'hang' ? fault.afterBytes! : Infinity;
  let left = limit;
  for await (const value of source.iterator({ destroyOnReturn: false })) {
    const chunk = value as Buffer;
    yield chunk.subarray(0, Math.max(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  if (left > 0) return;
  if (fault?.kind === 'reset') reset(exchange);
  // The rest is swallowed: a connection that nobody reads does not tell when it closes.
  source.resume();
  await gone(exchange);
  throw new Error('The connection broke in the middle of an upload.');
}
