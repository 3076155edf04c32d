import { beforeEach, describe, expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import type { TestRepository } from '../helpers/borg.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { expectNoProcesses } from '../helpers/processes.ts';
import type { TestProject } from '../helpers/project.ts';
import { archiveNames, createInitializedProject, expectGood } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

/** A project with one good backup behind it and a dump that takes a while before it. */
interface Scene {
  readonly source: TestDatabase;
  readonly project: TestProject;
  readonly repository: TestRepository;
  readonly before: string[];
}

async function createScene(source: TestDatabase): Promise<Scene> {
  await source.query(bigTable);
  const { project, repository } = await createInitializedProject({ database: source });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  return { source, project, repository, before: await archiveNames(repository) };
}

/** What has to be true after every fault: the earlier backup is good, nothing new looks finished, nothing is left behind, and the next run works. */
async function expectHarmless({ project, repository, before }: Scene): Promise<void> {
  await expectNoLeaks(project.directory);
  expect((await archiveNames(repository)).filter((name) => !name.startsWith('.'))).toEqual(before);
  await expectGood(project);
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await archiveNames(repository)).toHaveLength(before.length + 1);
  await expectGood(project);
  await expectNoLeaks(project.directory);
}

describe('in the middle of a dump', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await createScene(await createTestDatabase());
  });

  test('pg_dump is killed', async () => {
    const paused = await startPausedBackup(scene.project, scene.source);
    process.kill(paused.pgDump, 'SIGKILL');
    paused.resume();
    const result = await paused.agent.finished;
    expect(result.exitCode).toBe(1);
    expect(result.json()).toMatchObject({ status: 'failed', error: { code: 'dump_failed', exitCode: 1 } });
    expect(result.stdout).toContain('full.dump could not be dumped: ended by SIGKILL');
    await expectHarmless(scene);
  });

  test('Borg is killed', async () => {
    const paused = await startPausedBackup(scene.project, scene.source);
    process.kill(paused.borg, 'SIGKILL');
    const result = await paused.agent.finished;
    expect(result.json()).toMatchObject({ error: { code: 'repository_failed', exitCode: 1 } });
    expect(result.stdout).toContain('borg create was ended by SIGKILL');
    await expectHarmless(scene);
  });

  test('the agent is asked to end', async () => {
    const paused = await startPausedBackup(scene.project, scene.source);
    paused.agent.kill('SIGTERM');
    paused.resume();
    const result = await paused.agent.finished;
    expect(result.exitCode).toBe(130);
    expect(result.json()).toMatchObject({ error: { code: 'interrupted' } });
    await expectHarmless(scene);
  });

  test('the agent is killed, and its children go with it', async () => {
    const paused = await startPausedBackup(scene.project, scene.source);
    paused.agent.kill('SIGKILL');
    paused.resume();
    expect((await paused.agent.finished).exitCode).toBe(137);
    await expectNoProcesses(scene.project.stateDirectory);
    expect(await runAgent(['backup', '--env-file', scene.project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
    await expectHarmless({ ...scene, before: await archiveNames(scene.repository) });
  });

  test('a second run starts: it is told so, and the first is not disturbed', async () => {
    const paused = await startPausedBackup(scene.project, scene.source);
    const second = await runAgent(['backup', '--env-file', scene.project.envFile, '--json']);
    expect(second.exitCode).toBe(11);
    expect(second.json()).toMatchObject({ error: { code: 'locked' } });
    paused.resume();
    expect((await paused.agent.finished).json()).toMatchObject({ status: 'complete' });
    expect(await archiveNames(scene.repository)).toHaveLength(2);
    await expectGood(scene.project);
  });
});

test('the server restarts in the middle of a dump: all of it is begun again', async () => {
  const cluster = await startTestCluster();
  const source = await createTestDatabase({ cluster: cluster.address });
  await source.query(bigTable);
  const { project, repository } = await createInitializedProject({ database: source });
  const paused = await startPausedBackup(project, source);
  await cluster.restart('immediate');
  paused.resume();
  const result = await paused.agent.finished;
  expect(result.json()).toMatchObject({ status: 'complete' });
  expect(result.stderr).toContain('from the beginning again');
  expect(await archiveNames(repository)).toHaveLength(1);
  await expectGood(project);
  await expectNoLeaks(project.directory);
});

test('Borg holds a lock of a process that was killed: the next run succeeds without help', async () => {
  const scene = await createScene(await createTestDatabase());
  const paused = await startPausedBackup(scene.project, scene.source);
  // Borg first, so that nobody is there to make it end in order: its locks stay.
  process.kill(paused.borg, 'SIGKILL');
  paused.agent.kill('SIGKILL');
  await paused.agent.finished;
  await expectNoProcesses(scene.project.stateDirectory);
  expect(await runAgent(['backup', '--env-file', scene.project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await archiveNames(scene.repository)).toHaveLength(2);
  await expectGood(scene.project);
  await expectNoLeaks(scene.project.directory);
});
