import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { whenTestEnds } from './cleanup.ts';

export interface TestServer {
  readonly url: string;
  /** Method, path as it was sent, and headers of each request. */
  readonly requests: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
  /** How many connections were made. */
  connections(): number;
}

/** A real HTTP server for the current test. */
export async function startHttpServer(listener: RequestListener): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push({ method: request.method, url: request.url, headers: request.headers });
    listener(request, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  whenTestEnds(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, connections: () => connections };
}
