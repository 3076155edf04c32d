import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Secret, type AlertTarget } from '../../src/config/project-config.ts';
import type { AlertKind } from '../../src/domain/alerts/alert.ts';
import { toPayload } from '../../src/domain/alerts/payload.ts';
import { textOf } from '../../src/domain/alerts/text.ts';
import type { Notifier } from '../../src/notifier.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { createNotifier, type NotifyLimits } from '../../src/tools/notify/notifier.ts';
import { createTestAlert } from '../helpers/alert.ts';
import { startHttpServer, type TestServer } from '../helpers/http-server.ts';
import { startSmtpServer } from '../helpers/smtp-server.ts';

const now = new Date('2026-11-21T02:00:43Z');
const on = ['failure', 'incomplete', 'recovered', 'late'] as const;
const canary = 'canary-token';

function createTestNotifier(targets: readonly AlertTarget[], limits: Partial<NotifyLimits> = {}): Notifier {
  return createNotifier({ targets, clock: { ...systemClock, now: () => now }, limits: { retryMs: 1, ...limits } });
}

/** A server that keeps the bodies it was sent, and answers one status after the other, the last one for good. */
async function startReceiver(...statuses: number[]): Promise<TestServer & { readonly bodies: string[] }> {
  const bodies: string[] = [];
  const server = await startHttpServer((request, response) => {
    const answer = async (): Promise<void> => {
      bodies.push(await text(request));
      const status = statuses[Math.min(bodies.length, statuses.length) - 1] ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(`you sent ${request.url}`);
    };
    void answer();
  });
  return { ...server, bodies };
}

function httpTarget(kind: Exclude<AlertKind, 'email'>, url: string): AlertTarget {
  const token = new Secret(canary);
  const parts = { url: new Secret(url), on };
  if (kind === 'webhook') return { ...parts, kind, secret: token };
  return kind === 'ntfy' ? { ...parts, kind, token } : { ...parts, kind };
}

test('a webhook gets the documented document, signed over the time and each byte of it', async () => {
  const server = await startReceiver();
  const alert = createTestAlert();
  const deliveries = await createTestNotifier([httpTarget('webhook', `${server.url}/hook?key=1`)]).send(alert);
  expect(deliveries).toEqual([{ kind: 'webhook', event: 'failure', answer: 'HTTP 200', error: undefined }]);
  const [request] = server.requests;
  expect(request).toMatchObject({ method: 'POST', url: '/hook?key=1', headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(server.bodies[0]!)).toEqual(toPayload(alert, 'failure'));
  const expected = createHmac('sha256', canary).update(`1795226443.${server.bodies[0]}`).digest('hex');
  expect(request!.headers['x-backup-signature']).toBe(`t=1795226443,v1=${expected}`);
});

test('a ping is told of start, success, failure with its exit code, and of a test without changing its state', async () => {
  const server = await startReceiver();
  const notifier = createTestNotifier([httpTarget('ping', `${server.url}/uuid/?create=1`)]);
  const run = createTestAlert().run!;
  await notifier.send(createTestAlert({ events: ['start'] }));
  await notifier.send(createTestAlert({ events: ['success'], run: { ...run, status: 'complete', exitCode: 0 } }));
  await notifier.send(createTestAlert());
  await notifier.send(createTestAlert({ events: ['incomplete'], run: { ...run, status: 'incomplete', exitCode: 3 } }));
  await notifier.send(createTestAlert({ run: undefined }));
  await notifier.send(createTestAlert({ events: ['test'], run: undefined }));
  await notifier.send(createTestAlert({ events: ['late'], run: undefined }));
  const paths = ['/start', '', '/20', '/3', '/1', '/log'].map((path) => `/uuid${path}?create=1`);
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(paths.map((path) => `POST ${path}`));
  expect(server.bodies[2]).toBe(textOf(createTestAlert(), 'failure'));
});

test('ntfy gets a title, a priority and its token, Slack a text in which nothing has a meaning of its own', async () => {
  const [ntfy, slack] = [await startReceiver(), await startReceiver()];
  const notifier = createTestNotifier([
    httpTarget('ntfy', `${ntfy.url}/topic`),
    httpTarget('slack', `${slack.url}/services/T`),
  ]);
  await notifier.send(createTestAlert());
  expect(ntfy.requests[0]!.headers).toMatchObject({
    title: 'shop: backup failed',
    priority: 'high',
    authorization: `Bearer ${canary}`,
  });
  expect(ntfy.bodies[0]).toContain('Try: Start it <now> & here.');
  const { text: sent } = JSON.parse(slack.bodies[0]!) as { text: string };
  expect(sent).toMatch(/^\*shop: backup failed\*\nError: /);
  expect(sent).toContain('Try: Start it &lt;now&gt; &amp; here.');
});

test('a user and password in an address are a login', async () => {
  const server = await startReceiver();
  const url = server.url.replace('//', '//me:p%40ss@');
  await createTestNotifier([{ kind: 'webhook', url: new Secret(url), secret: undefined, on }]).send(createTestAlert());
  expect(server.requests[0]!.headers).toMatchObject({ authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` });
  expect(server.requests[0]!.headers['x-backup-signature']).toBeUndefined();
});

test('e-mail logs in and says who it is from, with one message id for all attempts', async () => {
  const login = { user: 'me@example.com', password: 'p/ss w:rd' };
  const server = await startSmtpServer({ login, refuses: { answer: '451 later', times: 1 } });
  const url = new Secret(`smtp://me%40example.com:p%2Fss%20w%3Ard@127.0.0.1:${server.port}`);
  const target = { kind: 'email', url, from: 'Backups <backup@example.com>', to: ['ops@example.com'], on } as const;
  const deliveries = await createTestNotifier([target]).send(createTestAlert());
  expect(deliveries).toEqual([{ kind: 'email', event: 'failure', answer: 'SMTP 250', error: undefined }]);
  expect(server).toMatchObject({
    mistakes: [],
    mails: [{ user: login.user, from: 'backup@example.com', to: ['ops@example.com'] }],
  });
  const { data } = server.mails[0]!;
  expect(data).toContain('Subject: shop: backup failed');
  expect(data).toContain('Message-ID: <3f0c5a52-6d8a-4d3a-9f0e-0d6f7a1c2b3d@supabase-backup-agent>');
  expect(data).toContain('Try: Start it <now> & here.');
});

test('a password is not said to another machine that offers no encryption', async () => {
  const host = '127.0.0.2';
  const server = await startSmtpServer({ host, login: { user: 'me', password: canary } });
  const url = new Secret(`smtp://me:${canary}@${host}:${server.port}`);
  const target = { kind: 'email', url, from: 'a@example.com', to: ['b@example.com'], on } as const;
  const [delivery] = await createTestNotifier([target]).send(createTestAlert());
  expect(delivery).toMatchObject({ answer: undefined, error: expect.stringContaining('offers no encryption') as string });
  expect(server).toMatchObject({
    mails: [],
    mistakes: expect.not.arrayContaining([expect.stringContaining('AUTH')]) as string[],
  });
});

test('each way fails alone, is tried three times where that may help, and no error quotes an address, a key or an answer', async () => {
  const [down, gone, moved, slow] = [
    await startReceiver(503),
    await startReceiver(404),
    await startReceiver(302),
    await startReceiver(500, 200),
  ];
  const smtp = await startSmtpServer({ login: { user: 'me', password: 'other' } });
  const targets: AlertTarget[] = [
    httpTarget('webhook', `${down.url}/${canary}`),
    httpTarget('slack', `${gone.url}/${canary}`),
    httpTarget('ntfy', `${moved.url}/${canary}`),
    httpTarget('ping', `${slow.url}/${canary}`),
    httpTarget('webhook', `http://127.0.0.1:1/${canary}`),
    {
      kind: 'email',
      url: new Secret(`smtp://me:${canary}@127.0.0.1:${smtp.port}`),
      from: 'a@example.com',
      to: ['b@example.com'],
      on,
    },
    { kind: 'email', url: new Secret(`smtp://me:${canary}@127.0.0.1:1`), from: 'a@example.com', to: ['b@example.com'], on },
  ];
  const deliveries = await createTestNotifier(targets).send(createTestAlert());
  expect(deliveries.map(({ kind, answer, error }) => `${kind}: ${answer ?? error}`)).toEqual([
    'webhook: the server answered 503',
    'slack: the server answered 404',
    'ntfy: the server answered 302',
    'ping: HTTP 200',
    'webhook: the connection was refused',
    'email: the server refused user or password (535)',
    'email: the connection was refused',
  ]);
  expect([down, gone, moved, slow].map(({ requests }) => requests.length)).toEqual([3, 1, 1, 2]);
  expect(JSON.stringify(deliveries)).not.toContain('canary');
});

test('a server that says nothing is given up', async () => {
  const silent = await startHttpServer(() => undefined);
  const [delivery] = await createTestNotifier([httpTarget('webhook', silent.url)], { attemptMs: 50, retries: 1 }).send(
    createTestAlert(),
  );
  expect(delivery).toMatchObject({ answer: undefined, error: 'there was no answer in time' });
  expect(silent.requests).toHaveLength(2);
});

test('one way alone can be asked for', async () => {
  const [webhook, slack] = [await startReceiver(), await startReceiver()];
  const notifier = createTestNotifier([httpTarget('webhook', webhook.url), httpTarget('slack', slack.url)]);
  expect(await notifier.send(createTestAlert(), 'slack')).toMatchObject([{ kind: 'slack' }]);
  expect(webhook.requests).toHaveLength(0);
});
