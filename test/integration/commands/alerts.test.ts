import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runAgent, startAgent, type AgentResult } from '../../helpers/agent.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { startHttpServer } from '../../helpers/http-server.ts';
import { createTestProject, type TestProject } from '../../helpers/project.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

const canary = 'canary-of-alerts';

test('an unattended project tells that it fails, cannot or never did begin, recovers and is late, and no secret with it', async () => {
  const told: string[] = [];
  const bodies: string[] = [];
  const server = await startHttpServer((request, response) => {
    const path = request.url!.replace(`/${canary}`, '');
    const answer = async (): Promise<void> => {
      const body = await text(request);
      bodies.push(body);
      told.push(path === '/webhook' ? `${path} ${(JSON.parse(body) as { event: string }).event}` : path);
      response.writeHead(path === '/slack' ? 404 : 200).end(request.url);
    };
    void answer();
  });
  const { project, repository } = await createInitializedProject({
    database: await createTestDatabase(),
    variables: {
      NOTIFY_WEBHOOK_URL: `${server.url}/webhook/${canary}`,
      NOTIFY_WEBHOOK_SECRET: canary,
      NOTIFY_PING_URL: `${server.url}/ping/${canary}`,
      MIGRATION_DRIFT: 'off',
    },
  });
  const secrets = [canary, repository.passphrase, 'canary-of-the-password'];
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<AgentResult> => {
    const result = await runAgent([...args, '--env-file', project.envFile], { env });
    for (const secret of secrets) expect(result.stdout + result.stderr).not.toContain(secret);
    return result;
  };
  /** What has come since the last time. */
  const next = (): string[] => told.splice(0).toSorted();

  const url = 'postgresql://nobody:canary-of-the-password@127.0.0.1:1/nothing';
  expect(await run(['backup'], { SUPABASE_DB_URL: url, INVOCATION_ID: 'one' })).toMatchObject({ exitCode: 20 });
  expect(next()).toEqual(['/ping/20', '/ping/start', '/webhook failure']);
  const monitor = { MONITOR_UNIT: 'supabase-backup.service', MONITOR_SERVICE_RESULT: 'exit-code', MONITOR_EXIT_CODE: 'exited' };
  const ended = { ...monitor, MONITOR_EXIT_STATUS: '20', MONITOR_INVOCATION_ID: 'one' };
  expect(await run(['notify-failure'], ended)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('by itself') as string,
  });
  expect(next()).toEqual([]);
  expect(await run(['notify-failure'], { ...ended, MONITOR_INVOCATION_ID: 'two' })).toMatchObject({ exitCode: 0 });
  expect(next()).toEqual(['/ping/1', '/webhook failure']);

  // Whoever is named in a configuration that cannot be used is told by the run itself, or else by the unit behind it.
  const unusable = { RETENTION_DAYS: 'many', SUPABASE_DB_URL: url };
  expect(await run(['backup'], unusable)).toMatchObject({ exitCode: 2 });
  expect(next()).toEqual(['/ping/2', '/webhook failure']);
  expect(bodies.at(-1)).toContain('RETENTION_DAYS has to be a whole number');
  expect(await run(['notify-failure'], { ...unusable, ...monitor, MONITOR_EXIT_STATUS: '2' })).toMatchObject({ exitCode: 2 });
  expect(next()).toEqual([]);
  expect(await run(['notify-failure'], { ...unusable, ...monitor, MONITOR_EXIT_STATUS: '243' })).toMatchObject({ exitCode: 2 });
  expect(next()).toEqual(['/ping/2', '/webhook failure']);

  const slack = `${server.url}/slack/${canary}`;
  const backup = await run(['backup', '--json'], { NOTIFY_SLACK_URL: slack, NOTIFY_ON_SLACK: 'recovered' });
  expect(backup).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('an alert did not arrive') as string });
  expect(backup.json()).toMatchObject({ status: 'complete', warnings: ['nobody was told by slack: the server answered 404'] });
  expect(next()).toEqual(['/ping', '/ping/start', '/slack', '/webhook recovered']);

  expect(await run(['status', '--check'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(
      /^OK: shop: the newest complete backup is \d+ minutes? old, 48\.0 hours are allowed\n$/,
    ) as string,
  });
  const state = `${project.stateDirectory}/shop/state.db`;
  await execa(process.execPath, [
    '-e',
    `new (require('node:sqlite').DatabaseSync)('${state}').exec("UPDATE runs SET started_at = '2026-01-01T00:00:00.000Z'")`,
  ]);
  for (const expected of [['/webhook late'], []]) {
    expect(await run(['status', '--check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^CRITICAL: shop: .*\n$/) as string,
    });
    expect(next()).toEqual(expected);
  }

  const tested = await run(['notify-test', '--json'], { NOTIFY_SLACK_URL: slack });
  expect(tested).toMatchObject({ exitCode: 1 });
  expect(tested.json()).toMatchObject({
    deliveries: [
      { kind: 'webhook', answer: 'HTTP 200', error: null },
      { kind: 'ping', answer: 'HTTP 200', error: null },
      { kind: 'slack', answer: null, error: 'the server answered 404' },
    ],
  });
  expect(next()).toEqual(['/ping/log', '/slack', '/webhook test']);
  for (const secret of secrets) expect(bodies.join('\n')).not.toContain(secret);
  expect(await run(['notify-test', '--kind', 'email'])).toMatchObject({ exitCode: 2 });
});

test('a run that is killed is told by the unit behind it; one that systemd ends, or that has no state, by itself', async () => {
  const told: string[] = [];
  const server = await startHttpServer((request, response) => {
    const answer = async (): Promise<void> => {
      const { event, text: message } = JSON.parse(await text(request)) as { event: string; text: string };
      told.push(`${event}: ${message.split('\n')[0]}`);
      response.end();
    };
    void answer();
  });
  const { project, binDirectory } = await createProjectThatHangs({ NOTIFY_WEBHOOK_URL: server.url });
  const env = { PATH: `${binDirectory}:${process.env['PATH']}` };
  const args = ['--env-file', project.envFile];
  const endInTheMiddle = async (signal: NodeJS.Signals): Promise<number> => {
    const begun = Promise.withResolvers<void>();
    const onStderrLine = (line: string): void => {
      if (line.includes('stage begins')) begun.resolve();
    };
    const agent = startAgent(['backup', '--log-level', 'debug', ...args], { env, onStderrLine });
    await Promise.race([begun.promise, agent.finished]);
    agent.kill(signal);
    return (await agent.finished).exitCode;
  };

  expect(await endInTheMiddle('SIGKILL')).toBe(137);
  expect(told).toEqual([]);
  const monitor = { MONITOR_UNIT: 'supabase-backup.service', MONITOR_SERVICE_RESULT: 'watchdog', MONITOR_EXIT_CODE: 'killed' };
  expect(await runAgent(['notify-failure', ...args], { env: monitor })).toMatchObject({ exitCode: 0 });
  expect(told.splice(0)).toEqual([
    'failure: Error: The service supabase-backup.service did not answer any more and was ended by the watchdog. Earlier backups are as they were.',
  ]);
  expect(await endInTheMiddle('SIGTERM')).toBe(130);
  expect(told.splice(0)).toEqual([expect.stringMatching(/^failure: Error: Interrupted\. /)]);
  expect(await runAgent(['backup', ...args], { env: { STATE_DIR: project.envFile } })).toMatchObject({ exitCode: 1 });
  expect(told).toEqual([expect.stringMatching(/^failure: Error: The run history .* cannot be opened/)]);
});

/** A project whose borg never answers. */
async function createProjectThatHangs(
  variables: Readonly<Record<string, string>>,
): Promise<{ project: TestProject; binDirectory: string }> {
  const config = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'nothing', password: undefined } as const;
  const database = { config: { ...config, sslMode: 'disable', sslRootCertificate: undefined } } as const;
  const project = await createTestProject({ database, repository: await createTestRepository(), variables });
  await writeFile(`${project.directory}/borg`, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  return { project, binDirectory: project.directory };
}
