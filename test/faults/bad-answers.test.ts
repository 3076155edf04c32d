import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret, type ConnectionConfig } from '../../src/config/project-config.ts';
import { createLogger } from '../../src/log.ts';
import { askAgent } from '../../src/tools/control/client.ts';
import { openControlServer } from '../../src/tools/control/server.ts';
import { openMetricsServer } from '../../src/tools/metrics/server.ts';
import { connect } from '../../src/tools/postgres/session.ts';
import { createObjectStore } from '../../src/tools/supabase/object-store.ts';
import { expectHandled } from '../helpers/bad-input.ts';
import { whenTestEnds } from '../helpers/cleanup.ts';
import { faultRounds, faultSeed } from '../helpers/faults.ts';
import { mutateBytes, mutateJsonText, mutations, type Mutation } from '../helpers/mutations.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

const group = 'bad-answers';
const rounds = faultRounds(60, 2000);
const timeout = faultRounds(300_000, 1_200_000);
const seeded = `${rounds} rounds, seed ${faultSeed}`;
const never = new AbortController().signal;

const object = {
  name: 'a.txt',
  id: 'x',
  updated_at: '2026-11-21T02:00:00Z',
  metadata: { eTag: '"e"', size: 5, mimetype: 'text/plain' },
};
const right = {
  buckets: [{ id: 'docs', name: 'docs', public: false, file_size_limit: 5, allowed_mime_types: ['text/plain'], owner: '' }],
  page: { hasNext: true, nextCursor: 'abc', folders: [], objects: [object, { ...object, name: 'b.txt' }] },
  info: { name: 'a.txt', version: 'v', etag: 'e', size: 5, last_modified: '2026-11-21T02:00:00Z', metadata: { a: 1 } },
  error: { statusCode: '404', error: 'not_found', message: 'Object not found' },
};
type Asked = 'buckets' | 'page' | 'info' | 'settings' | 'download' | 'create';

interface HttpAnswer {
  readonly asked: Asked;
  readonly how: 'json' | 'error' | 'page' | 'cut' | 'no http' | 'nothing';
  readonly status: number;
  readonly changes: readonly Mutation[];
}

const httpAnswers: fc.Arbitrary<HttpAnswer> = fc.record({
  asked: fc.constantFrom<Asked[]>('buckets', 'page', 'info', 'settings', 'download', 'create'),
  how: fc.constantFrom<HttpAnswer['how'][]>('json', 'json', 'json', 'error', 'page', 'cut', 'no http', 'nothing'),
  status: fc.constantFrom(200, 200, 200, 204, 302, 400, 404, 429, 500, 503, 600),
  changes: mutations,
});

function documentOf(asked: Asked): unknown {
  if (asked === 'settings') return right.buckets[0];
  return asked === 'buckets' || asked === 'page' || asked === 'info' ? right[asked] : { name: 'docs' };
}

function sendAnswer({ asked, how, status, changes }: HttpAnswer, response: ServerResponse): void {
  const json = { 'content-type': 'application/json' };
  const body = mutateJsonText(how === 'error' ? right.error : documentOf(asked), changes);
  if (how === 'no http')
    response.socket!.end(mutateBytes(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'), changes));
  else if (how === 'nothing') response.socket!.destroy();
  else if (how === 'cut') {
    response.writeHead(200, { ...json, 'content-length': body.length + 10 });
    response.write(body, () => response.socket?.destroy());
  } else if (how === 'page') response.writeHead(status, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
  else response.writeHead(how === 'error' && status < 300 ? 400 : status, json).end(status === 204 ? undefined : body);
}

/** A server for the test that answers as it is told. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  whenTestEnds(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openStore(url: string) {
  const store = createObjectStore({
    url,
    key: new Secret('sb_secret_x'),
    concurrency: 2,
    agentVersion: '1',
    clock: { now: () => new Date() },
    retries: 0,
  });
  whenTestEnds(() => store.close());
  return store;
}

test(`what a Storage API answers (${seeded})`, { timeout }, async () => {
  let next: HttpAnswer | undefined;
  const store = openStore(await listen((_request, response) => sendAnswer(next!, response)));
  const a = { bucket: 'docs', name: 'a.txt' };
  await expectHandled({
    group,
    fault: 'answers of a Storage API: nodes and bytes changed, cut off, pages of proxies, no HTTP at all',
    rounds,
    inputs: httpAnswers,
    async read(answer) {
      next = answer;
      if (answer.asked === 'buckets') for (const { id } of await store.listBuckets()) expect(typeof id).toBe('string');
      else if (answer.asked === 'page')
        for (const { name } of (await store.listPage('docs', undefined, never)).objects) expect(typeof name).toBe('string');
      else if (answer.asked === 'info') await store.describe(a, never);
      else if (answer.asked === 'settings') await store.bucketSettings('docs');
      else if (answer.asked === 'create')
        await store.createBucket('docs', { public: false, fileSizeLimit: null, allowedMimeTypes: null });
      else await buffer(await store.download(a, never));
    },
  });
});

test('an answer of a Storage API that never ends', async () => {
  const store = openStore(
    await listen((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024, ' ')));
      };
      response.on('drain', more);
      more();
    }),
  );
  await expect(store.listBuckets()).rejects.toMatchObject({ failure: 'transient' });
});

/** A message of the protocol: a letter, the length of what follows with itself, and that. */
function message(letter: string, body: Buffer | string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(body));
  return Buffer.concat([Buffer.from(letter), length, Buffer.from(body)]);
}

const ready = message('Z', 'I');
const welcome = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('S', 'server_version\u000015.18\0'),
  message('K', Buffer.alloc(8)),
  ready,
]);
const column = Buffer.concat([Buffer.from([0, 1]), Buffer.from('a\0'), Buffer.alloc(18)]);
const row = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1]), Buffer.from('1')]);
const rows = Buffer.concat([message('T', column), message('D', row), message('C', 'SELECT 1\0'), ready]);

test(`what a PostgreSQL server answers (${seeded})`, { timeout }, async () => {
  let said: readonly Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    const answers = [...said];
    socket.on('error', () => undefined);
    // An answer for each message; after the last one it hangs up.
    socket.on('data', () => {
      const answer = answers.shift();
      if (answer !== undefined) socket.write(answer);
      if (answers.length === 0) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  whenTestEnds(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const connection: ConnectionConfig = {
    host: '127.0.0.1',
    port,
    user: 'me',
    database: 'app',
    password: new Secret('pw'),
    sslMode: 'disable',
    sslRootCertificate: undefined,
  };
  said = [welcome, rows, rows];
  const asUsual = await connect(connection, never);
  expect(await asUsual.query('SELECT 1 AS a')).toEqual([{ a: '1' }]);
  await asUsual.close();
  await expectHandled({
    group,
    fault: 'answers of a PostgreSQL server: bytes changed, cut or moved, in the greeting or in rows',
    rounds,
    inputs: fc.tuple(fc.constantFrom('greeting', 'rows'), mutations),
    async read([where, changes]) {
      said = where === 'greeting' ? [mutateBytes(welcome, changes)] : [welcome, rows, mutateBytes(rows, changes)];
      const session = await connect(connection, never);
      try {
        await session.query('SELECT 1 AS a');
      } finally {
        await session.close();
      }
    },
  });
});

test(`what comes to the agent's socket, and what comes from it (${seeded})`, { timeout }, async () => {
  const directory = await createTemporaryDirectory();
  const path = join(directory, 'agent.sock');
  const status = { pid: 1, agentVersion: '0.1.0', startedAt: '2026-11-21T02:00:00.000Z', maxConcurrent: 1, projects: [] };
  const rightAnswer = { version: 1, status };
  let answer = JSON.stringify(rightAnswer);
  const server = await openControlServer(path, async () => answer);
  whenTestEnds(() => server.close());
  await expectHandled({
    group,
    fault: 'bytes for the control socket, and answers that come out of it',
    rounds,
    inputs: fc.tuple(mutations, fc.uint8Array({ maxLength: 3000 })),
    async read([changes, bytes]) {
      const stranger = connectTcp(path);
      stranger.on('error', () => undefined);
      stranger.end(bytes);
      answer = JSON.stringify(rightAnswer);
      expect(await askAgent(path, { request: 'status' })).toEqual(rightAnswer);
      answer = mutateJsonText(rightAnswer, changes).toString();
      await askAgent(path, { request: 'status' });
    },
  });
});

test(`who asks for metrics (${seeded})`, { timeout }, async () => {
  const render = async () => ({ text: 'up 1\n', contentType: 'text/plain' });
  const server = await openMetricsServer({ host: '127.0.0.1', port: 0, render, log: createLogger([]) });
  whenTestEnds(() => server.close());
  const [host, port] = server.address.split(':') as [string, string];
  const request = Buffer.from('GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nConnection: close\r\n\r\n');
  await expectHandled({
    group,
    fault: 'requests to the port of the metrics, bytes changed, cut or moved',
    rounds,
    inputs: fc.tuple(mutations, fc.boolean()),
    async read([changes, hangsUp]) {
      const socket = connectTcp(Number(port), host);
      socket.on('error', () => undefined);
      const bytes = mutateBytes(request, changes);
      if (hangsUp) socket.write(bytes, () => socket.destroy());
      else socket.end(bytes);
      const said = await text(socket).catch(() => '');
      if (said !== '') expect(said).toMatch(/^HTTP\/1\.1 (200|400|404|405|408|411|413|414|417|426|431|501)/);
      const answered = await fetch(`http://${server.address}/metrics`);
      expect(await answered.text()).toBe('up 1\n');
    },
  });
});
