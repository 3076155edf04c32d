import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import { openMetricsServer, type MetricsServer, type MetricsServerOptions } from '../../../../src/tools/metrics/server.ts';
import { whenTestEnds } from '../../../helpers/cleanup.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';
const patience = { timeout: 120_000, interval: 5 };
const page = { text: 'a_metric{project="shöp"} 1\n', contentType };

async function open(options: Partial<MetricsServerOptions> = {}): Promise<MetricsServer & { readonly logged: unknown[] }> {
  const logged: unknown[] = [];
  const log = { error: (fields: unknown) => void logged.push(fields) } as unknown as MetricsServerOptions['log'];
  const server = await openMetricsServer({ host: '127.0.0.1', port: 0, render: async () => page, log, ...options });
  whenTestEnds(() => server.close());
  return { ...server, logged };
}

test('answers GET and HEAD of one path, and says what else it is asked for', async () => {
  const { address } = await open();
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${address}${path}`, { method });
    const { status, headers } = response;
    return { status, type: headers.get('content-type'), length: headers.get('content-length'), body: await response.text() };
  };
  const length = String(Buffer.byteLength(page.text));
  expect(await ask('/metrics')).toEqual({ status: 200, type: contentType, length, body: page.text });
  expect(await ask('/metrics?name[]=x')).toMatchObject({ status: 200 });
  expect(await ask('/metrics', 'HEAD')).toEqual({ status: 200, type: contentType, length, body: '' });
  for (const path of ['/', '/metricsx', '/metrics/', '/..%2fetc/passwd']) {
    expect(await ask(path)).toMatchObject({
      status: 404,
      type: 'text/plain; charset=utf-8',
      body: expect.stringContaining('/metrics') as unknown,
    });
  }
  const refused = await fetch(`http://${address}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('reads once for all who ask at a time, and again for who asks later', async () => {
  let asked = 0;
  let answer = (): void => undefined;
  const { address } = await open({
    render: async () => {
      asked += 1;
      await new Promise<void>((resolve) => (answer = resolve));
      return { ...page, text: `asked ${asked}\n` };
    },
  });
  // Two in one piece, so that both have come in when the first one is read for.
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) });
  const request = 'GET /metrics HTTP/1.1\r\nHost: a\r\n';
  socket.write(`${request}\r\n${request}Connection: close\r\n\r\n`);
  const both = text(socket);
  await vi.waitFor(() => expect(asked).toBe(1), patience);
  answer();
  expect((await both).match(/asked \d/g)).toEqual(['asked 1', 'asked 1']);
  const later = fetch(`http://${address}/metrics`);
  await vi.waitFor(() => expect(asked).toBe(2), patience);
  answer();
  expect(await (await later).text()).toBe('asked 2\n');
});

test('what cannot be read, or not in time, is no page', async () => {
  const broken = await open({ render: () => Promise.reject(new Error('the disk is gone')) });
  const answer = await fetch(`http://${broken.address}/metrics`);
  expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('disk')]);
  expect(broken.logged).toEqual([{ reason: 'the disk is gone' }]);

  let asked = 0;
  const hanging = await open({ limitMs: 20, render: () => new Promise<never>(() => (asked += 1)) });
  for (let times = 0; times < 3; times += 1) expect((await fetch(`http://${hanging.address}/metrics`)).status).toBe(503);
  expect(asked).toBe(1);
});

test('a port that somebody has, or that is not ours, is told', async () => {
  const { address } = await open();
  const port = Number(address.split(':')[1]);
  await expect(open({ port })).rejects.toMatchObject({
    code: 'configuration',
    exitCode: 2,
    message: `The metrics cannot be served at ${address}: another program has that port. Nothing was started.`,
  });
  await expect(open({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('192.0.2.1:0') as unknown,
  });
});

const hasIPv6 = networkInterfaces()['lo']?.some(({ family }) => family === 'IPv6') === true;

test.skipIf(!hasIPv6)('listens at IPv6, too, and whoever only holds a connection keeps it from nothing', async () => {
  const server = await open({ host: '::1' });
  expect(server.address).toMatch(/^\[::1\]:\d+$/);
  const silent = connect({ host: '::1', port: Number(server.address.split(':').at(-1)) });
  await new Promise((resolve) => silent.once('connect', resolve));
  silent.write('GET /metrics HTTP/1.1\r\n');
  const rest = text(silent).catch(() => '');
  expect((await fetch(`http://${server.address}/metrics`)).status).toBe(200);
  await server.close();
  expect(await rest).toBe('');
});
