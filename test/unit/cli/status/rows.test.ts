import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nameOf, readRow, type RowSources } from '../../../../src/cli/status/rows.ts';
import { composeStatus } from '../../../../src/composition.ts';
import { loadStatusConfig } from '../../../../src/config/load-status.ts';
import type { LoadOptions } from '../../../../src/config/open.ts';
import type { AgentProject } from '../../../../src/domain/control.ts';
import { createStatusScene, rememberRun } from '../../../helpers/status-scene.ts';

const surroundings: LoadOptions = { environment: {}, workingDirectory: '/', homeDirectory: '/home/me', isRoot: false };

const shop: AgentProject = { name: 'shop', project: 'shop', running: null, next: [], last: null, problem: null };

function createSources(project: AgentProject | undefined): RowSources {
  const about = { pid: 1, agentVersion: '0.1.0', startedAt: '2026-11-21T00:00:00Z', maxConcurrent: 1 };
  const agent = project === undefined ? undefined : { ...about, projects: [project] };
  return {
    tools: composeStatus({ environment: {}, signal: new AbortController().signal }),
    starters: { agent, agentProblem: undefined, timers: new Map() },
    maxAgeMs: undefined,
  };
}

test('what the agent knows belongs to the row: a run that it has started, and why it cannot use the file', async () => {
  const { directory, addProject, remember } = await createStatusScene();
  await addProject('shop');
  remember('shop', (state) => rememberRun(state, new Date(), { hoursAgo: 5, status: 'complete' }));
  const read = (project?: AgentProject) =>
    readRow('shop', { ...surroundings, projectsDirectory: directory }, createSources(project));
  expect(await read()).toMatchObject({ health: 'ok', active: undefined, next: undefined });
  const running = { kind: 'backup', startedAt: '2026-11-21T02:00:00Z', pid: 2, stage: 'dump' };
  expect(await read({ ...shop, running })).toMatchObject({
    health: 'ok',
    active: { kind: 'backup', startedAt: new Date('2026-11-21T02:00:00Z'), stage: 'dump' },
  });
  expect(await read({ ...shop, problem: 'BORG_PASSPHRASE is missing.' })).toMatchObject({
    health: 'unusable',
    reason: 'The agent cannot use its file: BORG_PASSPHRASE is missing.',
    standing: { health: 'ok' },
    error: undefined,
  });
});

test('a state that is damaged is told by its row', async () => {
  const { directory, stateDirectory, addProject, remember } = await createStatusScene();
  await addProject('shop');
  remember('shop', () => undefined);
  await writeFile(join(stateDirectory, 'shop', 'state.db'), 'no database at all');
  const row = await readRow('shop', { ...surroundings, projectsDirectory: directory }, createSources(undefined));
  expect(row).toMatchObject({
    health: 'unusable',
    reason: expect.stringContaining('state.db cannot be opened') as unknown,
    error: { exitCode: 1 },
  });
});

test('a project is called like its env file, where that lies with the others', async () => {
  const { directory, addProject } = await createStatusScene();
  await addProject('shop', { PROJECT_NAME: 'store' });
  const options = { ...surroundings, envFile: join(directory, 'shop.env') };
  const { config } = await loadStatusConfig(options);
  expect(nameOf(config, { ...options, projectsDirectory: directory })).toBe('shop');
  expect(nameOf(config, options)).toBe('store');
  expect(nameOf(config, { ...surroundings, project: 'other' })).toBe('other');
});
