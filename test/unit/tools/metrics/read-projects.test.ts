import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogger } from '../../../../src/log.ts';
import { createProjectsReader, type MonitoredProject } from '../../../../src/tools/metrics/read-projects.ts';
import { openStateStore } from '../../../../src/tools/state/store.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

async function createScene() {
  const stateDirectory = await createTemporaryDirectory();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const reader = createProjectsReader({
    agentVersion: '0.1.0',
    clock: { now: () => now },
    log: createLogger([{ level: 'warn', write }]),
  });
  const projectOf = (project: string): MonitoredProject => ({
    project,
    stateDirectory,
    repositoryLocation: stateDirectory,
    expected: { project, schedule: undefined, storageSchedule: undefined, lateAfterMs: 3_600_000 },
    nextRuns: [{ kind: 'backup', at: now }],
  });
  return { stateDirectory, lines, reader, projectOf };
}

const startedAt = new Date('2026-11-21T02:00:00Z');
const now = new Date('2026-11-21T03:00:01Z');

test('tells of all projects, but for the one whose history is broken, which is said once', async () => {
  const { stateDirectory, lines, reader, projectOf } = await createScene();
  const state = openStateStore(join(stateDirectory, 'shop'));
  state.startRun({ runId: 'a', command: 'backup', startedAt, backupId: 'shop-1' });
  state.finishRun('a', { status: 'complete', durationMs: 1000, errorCode: undefined, errorMessage: undefined });
  await mkdir(join(stateDirectory, 'broken'));
  await writeFile(join(stateDirectory, 'broken', 'state.db'), 'this is no database'.repeat(1000));
  const projects = ['broken', 'shop', 'new', 'shop'].map(projectOf);
  for (let times = 0; times < 3; times += 1) {
    const facts = await reader.read(projects);
    const known = facts.map(({ project, backup, lateness }) => [project, backup.lastSuccess, lateness.late]);
    expect(known).toEqual([
      ['shop', startedAt, true],
      ['new', undefined, false],
    ]);
    expect(facts[1]!.nextRuns).toEqual([{ kind: 'backup', at: now }]);
  }
  expect(lines).toMatchObject([{ project: 'broken', msg: 'the metrics of a project cannot be read' }]);
  state.close();
});

test('changes nothing and makes nothing, also while a run is going on or was killed', async () => {
  const { stateDirectory, reader, projectOf } = await createScene();
  const state = openStateStore(join(stateDirectory, 'shop'));
  state.startRun({ runId: 'a', command: 'backup', startedAt, backupId: 'shop-1' });
  const lock = await state.acquireLock();
  state.startRun({ runId: 'b', command: 'backup', startedAt: new Date(startedAt.getTime() + 1000), backupId: 'shop-2' });
  const projects = [projectOf('shop'), projectOf('new')];
  const path = join(stateDirectory, 'shop', 'state.db');
  const before = (await stat(path)).mtimeMs;
  expect((await reader.read(projects))[0]!.backup.lastEnded).toMatchObject({ startedAt, status: 'failed' });
  lock.release();
  const killed = { startedAt: new Date(startedAt.getTime() + 1000), status: 'failed', durationMs: undefined };
  expect((await reader.read(projects))[0]!.backup.lastEnded).toMatchObject(killed);
  expect((await stat(path)).mtimeMs).toBe(before);
  expect(await readdir(stateDirectory)).toEqual(['shop']);
  state.close();
});

test('whoever asks whether a run is going on keeps none from its beginning', async () => {
  const { stateDirectory } = await createScene();
  const state = openStateStore(join(stateDirectory, 'shop'));
  const held = await state.acquireLock();
  const next = state.acquireLock();
  held.release();
  (await next).release();
  const again = await state.acquireLock();
  await expect(state.acquireLock()).rejects.toMatchObject({ code: 'locked' });
  again.release();
  state.close();
});
