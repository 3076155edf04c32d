import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { whenTestEnds } from '../../helpers/cleanup.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const writer = fileURLToPath(new URL('../../helpers/log-writer.ts', import.meta.url));
const installed = new URL('../../../logrotate/supabase-backup', import.meta.url);

test('logrotate takes the file away while a process writes, three times: not a line is lost', async () => {
  const directory = await createTemporaryDirectory();
  const logs = join(directory, 'log');
  const file = join(logs, 'agent.log');
  const writing = execa(process.execPath, [writer, file, directory], { stdin: 'pipe' });
  whenTestEnds(async () => {
    writing.kill('SIGKILL');
    await writing.catch(() => undefined);
  });
  const configuration = join(directory, 'logrotate.conf');
  await writeFile(configuration, (await readFile(installed, 'utf8')).replace('/var/log/supabase-backup', logs), {
    mode: 0o644,
  });
  const programs = await createSystemctl(directory, writing.pid!);
  const state = join(directory, 'state');
  const rotate = async (...options: readonly string[]): Promise<void> => {
    const args = [...options, '--state', state, configuration];
    const { stderr } = await execa('/usr/sbin/logrotate', args, { env: { PATH: `${programs}:${process.env['PATH']}` } });
    // It ends well even when it knows an option not at all.
    if (!options.includes('--debug')) expect(stderr).toBe('');
    expect(stderr).not.toMatch(/error|unknown/i);
  };
  const expectLines = (): Promise<void> =>
    vi.waitFor(async () => expect((await stat(file)).size).toBeGreaterThan(5000), 10_000);

  await expectLines();
  expect((await stat(logs)).mode & 0o777).toBe(0o700);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await rotate('--debug');
  for (const round of [1, 2, 3]) {
    await rotate('--force');
    await expectLines();
    expect((await stat(file)).mode & 0o777, `round ${round}`).toBe(0o600);
  }
  writing.stdin.end();
  const { stdout, stderr } = await writing;
  expect(stderr).toBe('');

  const names = (await readdir(logs)).toSorted();
  expect(names).toEqual(['agent.log', 'agent.log.1', 'agent.log.2.gz', 'agent.log.3.gz']);
  const texts = names.toReversed().map(async (name) => {
    const bytes = await readFile(join(logs, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  });
  const text = (await Promise.all(texts)).join('').trimEnd();
  const counts = text.split('\n').map((line) => (JSON.parse(line) as { count: number }).count);
  expect(counts).toEqual(Array.from({ length: Number(stdout) }, (_, index) => index));
});

/** A systemctl that knows of one unit, whose main process it signals, and refuses all else. */
async function createSystemctl(directory: string, pid: number): Promise<string> {
  const programs = join(directory, 'programs');
  await mkdir(programs);
  const script = `#!/bin/sh
case "$*" in
"--quiet is-active supabase-backup-agent.service") exit 0 ;;
"kill --kill-whom=main --signal=SIGUSR2 supabase-backup-agent.service") exec kill -USR2 ${pid} ;;
*) echo "systemctl: $*" >&2; exit 1 ;;
esac
`;
  await writeFile(join(programs, 'systemctl'), script);
  await chmod(join(programs, 'systemctl'), 0o755);
  return programs;
}
