import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { holdDumps } from '../helpers/held-dumps.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { expectNoProcesses } from '../helpers/processes.ts';
import { startDaemon } from '../helpers/running-daemon.ts';
import { archiveNames, createInitializedProject } from '../helpers/scenario.ts';

test('its end ends what it has started, in order or not, and the next one begins in its place', async () => {
  const database = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database });
  const held = await holdDumps(database);
  const startRun = async () => {
    const daemon = startDaemon(project.directory, 'shop');
    await daemon.line('the agent is ready');
    expect(await daemon.ask('run-now', 'shop')).toMatchObject({ exitCode: 0 });
    await daemon.line('stage begins', { stage: 'snapshot' });
    return daemon;
  };
  const killed = await startRun();
  killed.agent.kill('SIGKILL');
  await killed.agent.finished;
  await expectNoProcesses(project.stateDirectory);

  // The socket of the one that was killed is still there.
  const ended = await startRun();
  ended.agent.kill('SIGTERM');
  expect(await ended.agent.finished).toMatchObject({ exitCode: 0 });
  expect(await ended.line('run cancelled')).toMatchObject({ exitCode: 130, errorCode: 'interrupted' });

  // A second signal does not wait for a run that does not end.
  const forced = await startRun();
  const { json } = await forced.ask('status', '--env-file', project.envFile, '--json');
  const { pid } = json<{ agent: { project: { running: { pid: number } } } }>().agent.project.running;
  process.kill(pid, 'SIGSTOP');
  forced.agent.kill('SIGTERM');
  await forced.line('shutdown phase begins', { phase: 'end runs' });
  forced.agent.kill('SIGTERM');
  expect(await forced.agent.finished).toMatchObject({ exitCode: 130 });
  process.kill(pid, 'SIGCONT');
  await expectNoProcesses(project.stateDirectory);
  await held.release();
  await expectNoLeaks(project.directory);
  expect(await archiveNames(repository)).toEqual([]);
});
