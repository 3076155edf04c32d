import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AppError, messageOf } from '../../errors.ts';

export interface MetricsServer {
  /** Where it listens, as in a URL. */
  readonly address: string;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Never called again before it has ended: whoever asks meanwhile gets the same answer. */
  readonly render: () => Promise<{ readonly text: string; readonly contentType: string }>;
  readonly log: Pick<Logger, 'error'>;
  /** How long an answer may take: ten seconds unless told otherwise, as long as Prometheus waits. */
  readonly limitMs?: number;
}

const path = '/metrics';
const plain = 'text/plain; charset=utf-8';

/** Whoever is slow, or many, holds up nothing but himself. */
const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
};
const idleMs = 30_000;
const maxConnections = 32;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
}

/** Answers GET and HEAD /metrics until it is closed. Throws AppError configuration when it cannot listen there. */
export async function openMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const render = shareAnswers(options);
  const server = createServer(limits, (request, response) => void serve(request, response, render));
  server.maxConnections = maxConnections;
  server.setTimeout(idleMs);
  await listen(server, options);
  // Of a connection that could not be taken in, say: the next one may.
  server.on('error', () => undefined);
  return {
    address: formatAddress({ host: options.host, port: (server.address() as AddressInfo).port }),
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, render: () => Promise<Answer>): Promise<void> {
  const { method = '', url = '' } = request;
  request.resume();
  const isThere = url === path || url.startsWith(`${path}?`);
  const isRead = method === 'GET' || method === 'HEAD';
  const answer = !isThere
    ? { status: 404, text: `There is nothing here. The metrics are at ${path}.\n` }
    : isRead
      ? await render()
      : { status: 405, text: `Only GET and HEAD are answered here.\n` };
  const { status, text, contentType = plain } = answer;
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

/** One at a time, and none for longer than the limit: a disk that does not answer is asked once and not by every scrape. */
function shareAnswers({ render, log, limitMs = 10_000 }: MetricsServerOptions): () => Promise<Answer> {
  let going: Promise<Answer> | undefined;
  const begin = async (): Promise<Answer> => {
    try {
      return { status: 200, ...(await render()) };
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'the metrics could not be read');
      return { status: 500, text: 'The metrics could not be read. The log of the agent says why.\n' };
    } finally {
      going = undefined;
    }
  };
  return async () => {
    going ??= begin();
    const inTime = new AbortController();
    const late = setTimeout(limitMs, undefined, { signal: inTime.signal }).then(
      () => ({ status: 503, text: 'The metrics could not be read in time.\n' }),
      () => ({ status: 503, text: '' }),
    );
    const answer = await Promise.race([going, late]);
    inTime.abort();
    return answer;
  };
}

function formatAddress({ host, port }: Pick<MetricsServerOptions, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function listen(server: Server, { host, port }: MetricsServerOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = inUse ? 'another program has that port' : messageOf(error);
    throw new AppError(
      'configuration',
      `The metrics cannot be served at ${formatAddress({ host, port })}: ${why}. Nothing was started.`,
      {
        hint: 'Name another address with METRICS_LISTEN (--metrics-listen), or see who has it: ss -ltnp.',
        cause: error,
      },
    );
  }
}
