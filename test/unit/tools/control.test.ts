import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerControl } from '../../../src/daemon/control.ts';
import { askAgent } from '../../../src/tools/control/client.ts';
import { openControlServer } from '../../../src/tools/control/server.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

test('nobody answers where no agent is, and what one has left behind is replaced', async () => {
  const path = join(await createTemporaryDirectory(), 'agent.sock');
  expect(await askAgent(path, { request: 'status' })).toBeUndefined();
  await writeFile(path, '');
  expect(await askAgent(path, { request: 'status' })).toBeUndefined();
  const server = await openControlServer(path, () => Promise.resolve('{"version":1,"later":true}'));
  expect(await askAgent(path, { request: 'status' })).toEqual({ version: 1 });
  await expect(openControlServer(path, () => Promise.resolve(''))).rejects.toMatchObject({ code: 'locked', exitCode: 11 });
  // Whoever connects and says nothing keeps nobody from ending.
  const silent = connect(path);
  await new Promise((resolve) => silent.once('connect', resolve));
  await server.close();
  expect(await askAgent(path, { request: 'status' })).toBeUndefined();
  await (await openControlServer(path, () => Promise.resolve(''))).close();
});

test('an answer that is none is told', async () => {
  const path = join(await createTemporaryDirectory(), 'agent.sock');
  const server = await openControlServer(path, () => Promise.resolve('what?'));
  await expect(askAgent(path, { request: 'status' })).rejects.toMatchObject({ code: 'failed' });
  await server.close();
});

test('a socket whose path is too long says so', async () => {
  const path = join(await createTemporaryDirectory(), 'a'.repeat(100), 'agent.sock');
  await expect(openControlServer(path, () => Promise.resolve(''))).rejects.toThrow('more than 107 bytes');
});

test.each([
  '',
  '{',
  '[]',
  '{"version":2,"request":"status"}',
  '{"version":1,"request":"format-disk"}',
  '{"version":1,"request":"run-now","project":"a","kind":"restore"}',
])('a request that is not understood does nothing: %s', async (line) => {
  const nothing = () => {
    throw new Error('was asked');
  };
  const answer = await answerControl(line, {
    scheduler: { states: nothing, runNow: nothing, cancel: nothing },
    problems: () => new Map(),
    about: { pid: 1, agentVersion: '1', startedAt: '', maxConcurrent: 1 },
  });
  expect(JSON.parse(answer)).toMatchObject({ version: 1, error: { code: 'usage' } });
});
