import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { createStorageTarget, createStoredProject } from '../../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

interface Restored {
  readonly error?: { readonly code: string; readonly message: string };
  readonly objects: { readonly refused: readonly { readonly name: string }[] } | null;
}

test('of what Borg cannot give any more a copy that it has repaired gives all but that', async () => {
  const target = await createStorageTarget();
  const scene = await createStoredProject(target.variables);
  const large = 300_000;
  for (const name of ['a', 'b', 'c', 'd'])
    await scene.storage.putObject('docs', name, randomBytes(name === 'b' ? large : 3000));
  await scene.storage.putObject('media', 'behind', 'it');
  expect(await scene.backUp()).toMatchObject({ exitCode: 0 });
  const { BORG_REPO: original, ...environment } = scene.repository.environment;
  await loseEntry(original!, large);

  const options = ['latest', '--to', 'test', '--confirm', 'shop-test', '--only', 'storage', '--json'];
  const broken = await scene.run('restore', ...options);
  expect(broken.exitCode).toBe(22);
  expect(broken.json<Restored>().error).toMatchObject({
    code: 'verification_failed',
    message: expect.stringContaining('What was written before stays on the target.') as string,
  });

  const copy = join(await createTemporaryDirectory(), 'repaired');
  await cp(original!, copy, { recursive: true });
  const repaired = { ...environment, BORG_REPO: copy, BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes' };
  const check = { ...repaired, BORG_CHECK_I_KNOW_WHAT_I_AM_DOING: 'YES' };
  await execa('borg', ['check', '--repair', '--verify-data'], { env: check, extendEnv: false });
  const { BORG_REPO, BORG_RELOCATED_REPO_ACCESS_IS_OK } = repaired;
  const rest = await runAgent(['restore', ...options, '--env-file', scene.project.envFile], {
    env: { BORG_REPO, BORG_RELOCATED_REPO_ACCESS_IS_OK },
  });
  expect(rest.exitCode).toBe(3);
  expect(rest.json<Restored>().objects!.refused.map(({ name }) => name)).toEqual(['b']);
  const came = await target.database.query("SELECT bucket_id || '/' || name AS name FROM storage.objects ORDER BY 1");
  expect(came).toEqual(['docs/a', 'docs/c', 'docs/d', 'media/behind'].map((name) => ({ name })));
});

/**
 * Flips a bit in the one entry of this many bytes, and some more that Borg needs for itself. A segment is 8 bytes of a magic, then entries:
 * checksum and size of 4 bytes each, a tag and a key; https://borgbackup.readthedocs.io/en/stable/internals/data-structures.html#segments
 */
async function loseEntry(repository: string, bytes: number): Promise<void> {
  const data = join(repository, 'data');
  const files = (await readdir(data, { recursive: true })).filter((name) => /\d\/\d+$/.test(name));
  let found = 0;
  for (const file of files) {
    const segment = await readFile(join(data, file));
    for (let at = 8; at < segment.length; at += segment.readUInt32LE(at + 4)) {
      const more = segment.readUInt32LE(at + 4) - bytes;
      if (more < 0 || more > 200) continue;
      segment[at + 200]! ^= 1;
      found += 1;
    }
    await writeFile(join(data, file), segment);
  }
  expect(found).toBe(1);
}
