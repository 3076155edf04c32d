import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../helpers/agent.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { expectNoProcesses } from '../helpers/processes.ts';
import { archiveNames, createInitializedProject } from '../helpers/scenario.ts';

const limits = { STALL_LIMIT: '2s' };

interface Failure {
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string; readonly retryable: boolean };
}

function expectTimedOut(result: AgentResult): Failure['error'] {
  expect(result.exitCode).toBe(1);
  const { status, error } = result.json<Failure>();
  expect({ status, code: error.code, retryable: error.retryable }).toEqual({
    status: 'failed',
    code: 'timed_out',
    retryable: true,
  });
  expect(error.hint).toContain('STALL_LIMIT');
  return error;
}

test('a Borg, and then a pg_dump, that does nothing any more ends the run with its name; the next one works', async () => {
  const source = await createTestDatabase();
  await source.query(bigTable);
  const { project, repository } = await createInitializedProject({ database: source, variables: limits });

  const paused = await startPausedBackup(project, source);
  const ofBorg = expectTimedOut(await paused.agent.finished);
  expect(ofBorg.message).toMatch(
    /^At stage archive: For 2 s nothing has moved: .*borg create \(process \d+\), which is stopped/,
  );
  expect(ofBorg.message).toContain('earlier backups are as they were');
  await expectNoProcesses(project.directory);

  const again = await startPausedBackup(project, source);
  process.kill(again.pgDump, 'SIGSTOP');
  again.resume();
  const ofDump = expectTimedOut(await again.agent.finished);
  expect(ofDump.message).toMatch(/pg_dump \(process \d+\), which is stopped/);
  await expectNoProcesses(project.directory);
  await expectNoLeaks(project.directory);

  expect((await archiveNames(repository)).filter((name) => !name.startsWith('.'))).toEqual([]);
  await source.query('DROP TABLE public.big');
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await archiveNames(repository)).toHaveLength(1);
});

test("a run that waits for somebody's lock ends with the session that holds it, and any run when it takes too long", async () => {
  const source = await createTestDatabase();
  await source.query('CREATE TABLE public.locked AS SELECT 1 AS x');
  const { project } = await createInitializedProject({ database: source, variables: limits });
  await source.query('BEGIN; LOCK TABLE public.locked');
  const [holder] = await source.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const error = expectTimedOut(await runAgent(['backup', '--env-file', project.envFile, '--json']));
  expect(error.message).toContain(`waits for a lock that is held by session ${holder!.pid}. All of it was ended.`);
  expect(error.hint).toContain('pg_terminate_backend');

  const env = { STALL_LIMIT: 'off', RUN_LIMIT: '2s' };
  const limited = await runAgent(['backup', '--env-file', project.envFile, '--json'], { env });
  const { code, message, retryable } = limited.json<Failure>().error;
  expect({ code, retryable }).toEqual({ code: 'timed_out', retryable: false });
  expect(message).toMatch(/^At stage \w+: The run went on for 2 s and was ended\. Nothing was left half done, and earlier /);
  await expectNoProcesses(project.directory);
});
