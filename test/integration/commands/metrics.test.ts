import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { parseExposition, type Exposition } from '../../helpers/exposition.ts';
import { createStoredProject } from '../../helpers/stored-project.ts';

test('each run leaves its metrics in a file, and a failed one keeps what it does not know', async () => {
  // It lies beside the env file, as a relative path does.
  const { project, storage, backUp, run } = await createStoredProject({
    METRICS_FILE: 'shop.prom',
    MIGRATION_DRIFT: 'off',
    STORAGE_RETRIES: '0',
  });
  const file = join(project.directory, 'shop.prom');
  const read = async (): Promise<Exposition> => parseExposition(await readFile(file, 'utf8'));
  for (const name of ['one', 'two', 'three']) await storage.putObject('docs', name, name);
  storage.faults.add({ name: /two/, effect: { kind: 'reset', afterBytes: 1 } });

  // Before any run.
  const before = parseExposition((await run('metrics')).stdout);
  expect(before.value('supabase_backup_last_success_timestamp_seconds', { project: 'shop' })).toBe(0);

  const { exitCode, document } = await backUp('--only', 'storage');
  expect(exitCode).toBe(3);
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  const first = await read();
  expect(first.value('supabase_backup_status', { status: 'incomplete' })).toBe(1);
  expect(first.value('supabase_backup_last_success_timestamp_seconds')).toBe(0);
  const attemptedAt = first.value('supabase_backup_last_attempt_timestamp_seconds')!;
  expect(attemptedAt).toBeGreaterThan(Date.parse('2026-01-01') / 1000);
  const { storage: made } = document;
  expect(first.value('supabase_backup_storage_objects')).toBe(made!.objects);
  expect(first.value('supabase_backup_storage_fetched_objects')).toBe(2);
  expect(first.value('supabase_backup_storage_fetched_bytes')).toBe(made!.downloadedBytes);
  expect(first.value('supabase_backup_storage_missing_objects')).toBe(1);
  expect(first.value('supabase_backup_read_bytes', { kind: 'storage' })).toBeGreaterThan(made!.bytes);
  expect(first.value('supabase_backup_repository_stored_bytes')).toBeGreaterThan(1000);
  expect(first.value('supabase_backup_archives', { kind: 'storage' })).toBe(1);
  expect(first.value('supabase_backup_filesystem_free_bytes', { directory: 'repository' })).toBeGreaterThan(0);
  const stages = first.series.filter(({ name }) => name === 'supabase_backup_stage_duration_seconds');
  expect(stages.map(({ labels }) => labels['stage'])).toEqual(expect.arrayContaining(['snapshot', 'download', 'storage']));
  const sum = stages.reduce((seconds, { value }) => seconds + value, 0);
  expect(sum).toBeLessThanOrEqual(first.value('supabase_backup_duration_seconds')! + 0.1);

  expect(await run('verify')).toMatchObject({ exitCode: 0 });
  expect((await read()).value('supabase_backup_verify_ok')).toBe(1);

  const nowhere = { SUPABASE_DB_URL: 'postgresql://nobody:canary@127.0.0.1:1/nothing' };
  const env = ['--env-file', project.envFile];
  expect(await runAgent(['backup', '--only', 'storage', ...env], { env: nowhere })).toMatchObject({ exitCode: 20 });
  const failed = await read();
  expect(failed.value('supabase_backup_status', { status: 'failed' })).toBe(1);
  expect(failed.value('supabase_backup_runs_total', { command: 'backup', status: 'failed' })).toBe(1);
  expect(failed.value('supabase_backup_last_attempt_timestamp_seconds')).toBeGreaterThan(attemptedAt);
  expect(failed.value('supabase_backup_verify_ok')).toBe(1);
  for (const name of ['storage_objects', 'storage_missing_objects', 'repository_stored_bytes']) {
    expect(failed.value(`supabase_backup_${name}`)).toBe(first.value(`supabase_backup_${name}`));
  }

  // The command tells what the file does, but for the room on the disk.
  const printed = await run('metrics');
  expect(printed).toMatchObject({ exitCode: 0, stderr: '' });
  const withoutRoom = ({ series }: Exposition): unknown => series.filter(({ name }) => !name.includes('filesystem_free'));
  expect(withoutRoom(parseExposition(printed.stdout))).toEqual(withoutRoom(failed));
  expect((await run('metrics', '--json')).json<{ text: string }>().text).toContain('supabase_backup_status{');
  for (const text of [printed.stdout, await readFile(file, 'utf8')]) expect(text).not.toContain('canary');
});
