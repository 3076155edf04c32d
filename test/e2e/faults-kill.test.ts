import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runAgent, startAgent } from '../helpers/agent.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createRandom } from '../helpers/random.ts';
import { expectNoProcesses } from '../helpers/processes.ts';
import { archiveNames, createInitializedProject, expectGood } from '../helpers/scenario.ts';

const tenMinutesMs = 600_000;

/** Lines of the log that stand at the beginning or the end of something that a kill could leave half done. */
const moments = [
  '"stage":"snapshot"',
  '"part":"RECOVERY.md"',
  '"part":"database/roles.sql"',
  '"part":"database/schema.sql"',
  '"part":"database/history.sql"',
  '"part":"database/full.dump"',
  '"part":"manifest.json"',
  '"stage":"verify"',
  '"stage":"rename"',
  '"stage":"retention"',
  '"stage":"retention","durationMs"',
];

test(
  'kill -9 at every stage: no archive looks whole that is not, nothing goes on, the next run works',
  { timeout: tenMinutesMs },
  async () => {
    const source = await createTestDatabase({ template: 'supabase' });
    const { project, repository } = await createInitializedProject({ database: source });
    const backup = ['backup', '--env-file', project.envFile];
    expect(await runAgent(backup)).toMatchObject({ exitCode: 0 });

    for (const moment of moments) {
      const agent = startAgent([...backup, '--log-level', 'debug'], {
        onStderrLine: (line) => {
          if (line.includes(moment)) agent.kill('SIGKILL');
        },
      });
      expect((await agent.finished).exitCode, `killed at ${moment}`).toBe(137);
      await expectNoProcesses(project.stateDirectory);
      await expectGood(project);
    }
    expect(await runAgent(backup)).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await archiveNames(repository)).filter((name) => name.startsWith('.'))).toEqual([]);
    await expectGood(project);
    await expectNoLeaks(project.directory);
  },
);

// AGENT_TEST_KILLS says how many moments, AGENT_TEST_KILL_SEED which ones: few unless told otherwise, and others each time.
const kills = Number(process.env['AGENT_TEST_KILLS'] ?? 6);
const seed = Number(process.env['AGENT_TEST_KILL_SEED'] ?? Math.floor(Math.random() * 1e6));

test(`kill -9 at ${kills} random moments (seed ${seed})`, { timeout: tenMinutesMs * Math.ceil(kills / 50) }, async () => {
  const random = createRandom(seed);
  const source = await createTestDatabase({ template: 'supabase' });
  const { project, repository } = await createInitializedProject({ database: source });
  const backup = ['backup', '--env-file', project.envFile];
  const startedMs = performance.now();
  expect(await runAgent(backup)).toMatchObject({ exitCode: 0 });
  const durationMs = performance.now() - startedMs;

  for (let round = 1; round <= kills; round += 1) {
    const agent = startAgent(backup);
    await sleep(random() * durationMs);
    agent.kill('SIGKILL');
    await agent.finished;
    await expectNoProcesses(project.stateDirectory);
    // Now and then a run is left to its end, as it is in life; in between the kills pile up.
    if (round % 10 === 0) {
      expect(await runAgent(backup), `after round ${round}`).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await archiveNames(repository)).filter((name) => name.startsWith('.'))).toEqual([]);
    }
  }
  await expectGood(project);
  await expectNoLeaks(project.directory);
});
