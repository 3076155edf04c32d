import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/tools/clock.ts';
import { createCommandRunner } from '../../../src/tools/process/run-command.ts';
import { listTimers } from '../../../src/tools/systemd/timers.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

/** Asks a `systemctl` that is this shell script; systemd cannot be made to give all of these answers. */
async function ask(script: string | undefined, clock = systemClock): Promise<Record<string, string>> {
  const directory = await createTemporaryDirectory();
  const path = join(directory, 'systemctl');
  if (script !== undefined) {
    const checked = `[ "$*" = "list-timers --output=json --no-pager -- supabase-backup@*.timer supabase-backup.timer" ] || exit 64`;
    await writeFile(path, `#!/bin/sh\n${checked}\n${script}\n`);
    await chmod(path, 0o755);
  }
  const commands = createCommandRunner({
    environment: { PATH: script === undefined ? directory : `${directory}:/usr/bin:/bin` },
    signal: new AbortController().signal,
  });
  const timers = await listTimers({ commands, clock }, ['supabase-backup@*.timer', 'supabase-backup.timer']);
  return Object.fromEntries([...timers].map(([unit, next]) => [unit, next.toISOString()]));
}

// As systemd 252 prints it.
const printed = `[{"next":1795314700000000,"left":1795314700000000,"last":1795228300000000,"passed":18446744073709551615,"unit":"supabase-backup@shop.timer","activates":"supabase-backup@shop.service"},{"next":null,"left":null,"last":null,"passed":null,"unit":"supabase-backup@blog.timer","activates":"supabase-backup@blog.service"},{"next":18446744073709551615,"left":0,"last":0,"passed":0,"unit":"supabase-backup@wiki.timer","activates":"supabase-backup@wiki.service"}]`;

test('knows when the timers elapse that will', async () => {
  expect(await ask(`echo '${printed}'`)).toEqual({ 'supabase-backup@shop.timer': '2026-11-22T02:31:40.000Z' });
});

test.each([
  ['no systemctl', undefined],
  ['no systemd', 'echo "Host is down" >&2; exit 1'],
  ['an older one, which prints a table', 'echo "NEXT LEFT LAST PASSED UNIT ACTIVATES"'],
  ['something else', `echo '{"unit":1}'`],
])('knows nothing of timers where there is %s', async (_, script) => {
  expect(await ask(script)).toEqual({});
});

test('does not wait for a systemd that hangs', async () => {
  expect(await ask('exec sleep 60', { ...systemClock, sleep: async () => undefined })).toEqual({});
});
