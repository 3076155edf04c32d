import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { messageIds } from '../../../src/domain/run-event.ts';
import { main, runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

interface LogsDocument {
  readonly runId: string;
  readonly lines: readonly { readonly stage: string; readonly event?: string; readonly archives?: readonly string[] }[];
}

test('what a backup logs stands in LOG_FILE and in `agent logs`; a log that cannot be had stands in no way', async () => {
  const database = await createTestDatabase();
  const { project } = await createInitializedProject({ database });
  const at = ['--env-file', project.envFile];
  const file = join(project.directory, 'log', 'agent.log');
  expect(await runAgent(['logs', ...at])).toMatchObject({ exitCode: 2, stdout: '' });

  const silent = await runAgent(['backup', ...at], { env: { LOG_FILE: file } });
  expect(silent).toMatchObject({ exitCode: 0, stderr: '' });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const { runId, lines } = (await runAgent(['logs', '--json', ...at])).json<LogsDocument>();
  expect(lines).toEqual(written.map((line) => JSON.parse(line) as unknown));
  expect(lines.map(({ stage }) => stage)).toEqual([
    'run',
    'catalog',
    'snapshot',
    'archive',
    'verify',
    'rename',
    'retention',
    'run',
  ]);
  expect(lines.at(-1)).toMatchObject({ project: project.name, runId, event: 'success', status: 'complete', level: 30 });
  expect(lines.at(-1)!.archives).toEqual([expect.stringMatching(/-database$/)]);

  const pretty = { LOG_FILE: '/proc/nowhere/agent.log', LOG_FORMAT: 'pretty', LOG_LEVEL: 'info' };
  const warned = await runAgent(['verify', 'nothing', ...at], { env: pretty });
  expect(warned.exitCode).toBe(2);
  expect(warned.stderr).toMatch(/^Warning: the log file \/proc\/nowhere\/agent.log cannot be written: .*\n/);
  expect(warned.stderr).toMatch(/ ERROR \S+: verify failed: .* errorCode=backup_not_found durationMs=\d+\nError: /);
  const shown = await runAgent(['logs', '--run', runId.slice(0, 8), ...at]);
  expect(shown.stdout).toMatch(/^\S+ \S+Z INFO {2}\S+: backup started .*\n(.*\n)+.* backup is complete .*\n$/);

  const journaled = await runJournaled(project.directory, ['verify', 'nothing', ...at]);
  expect(journaled.stderr.split('\n')).toEqual([
    expect.stringMatching(/^<5>\S+: verify started$/),
    expect.stringMatching(/^<6>\S+, catalog: stage failed /),
    expect.stringMatching(/^<3>\S+: verify failed: /),
    expect.stringMatching(/^<3>Error: /),
    expect.stringMatching(/^<3>Try: /),
  ]);
  const ids = journaled.entries.match(/(?<=^MESSAGE_ID=).*$/gm);
  expect(ids).toEqual([messageIds.start, messageIds.failure]);
});

/** Runs the agent as systemd does, with stderr connected to the journal, and a logger that keeps what it is told. */
async function runJournaled(directory: string, args: readonly string[]): Promise<{ stderr: string; entries: string }> {
  const kept = join(directory, 'entries');
  await writeFile(join(directory, 'logger'), `#!/bin/sh\nexec cat >> ${kept}\n`, { mode: 0o755 });
  const script = 'JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2) exec "$@"';
  const { stderr } = await execa('sh', ['-c', script, 'sh', process.execPath, '--', main, ...args], {
    env: { PATH: `${directory}:${process.env['PATH']}` },
    reject: false,
  });
  return { stderr, entries: await readFile(kept, 'utf8') };
}
