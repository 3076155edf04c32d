import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../helpers/agent.ts';
import { fillDisk, mountSmallDisk } from '../helpers/small-disk.ts';
import { createStorageTarget, createStoredProject } from '../helpers/stored-project.ts';
import type { TestDatabase } from '../helpers/database.ts';

const names = Array.from({ length: 12 }, (_, index) => `object ${String(index).padStart(2, '0')}.txt`);

interface RestoreDocument {
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly steps: readonly string[];
}

const open = { size: null, types: null };

async function limitsOf({ query }: TestDatabase): Promise<unknown> {
  const limits = 'SELECT file_size_limit::integer AS size, allowed_mime_types AS types FROM storage.buckets';
  return (await query(`${limits} WHERE id = 'docs'`))[0];
}

test('limits of buckets come back after signals, kill -9, a key that expires and a full disk, and the next restore goes on', async ({
  skip,
}) => {
  const disk = (await mountSmallDisk('20m')) ?? skip('This process may mount no small disk.');
  const { variables, ...target } = await createStorageTarget();
  const scene = await createStoredProject({ ...variables, STATE_DIR: disk });
  for (const name of names) await scene.storage.putObject('docs', name, name.repeat(100), { mimetype: 'text/plain' });
  await scene.storage.putObject('media', 'one', 'x');
  await scene.database.query(
    "UPDATE storage.buckets SET file_size_limit = 5, allowed_mime_types = '{image/png}' WHERE id = 'docs'",
  );
  expect(await scene.backUp('--only', 'storage')).toMatchObject({ exitCode: 0 });
  await target.storage.seedBucket('docs');
  const own = { size: 7, types: ['text/css', 'a/b'] };
  await target.database.query("UPDATE storage.buckets SET file_size_limit = 7, allowed_mime_types = '{text/css,a/b}'");
  const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--no-safety-backup', '--json'];
  const restore = async (...options: string[]) => {
    const result = await scene.run(...args, ...options);
    return { exitCode: result.exitCode, document: result.json<RestoreDocument>() };
  };

  /** Starts to bring a part of a bucket back, and ends that in the middle. */
  const interrupt = async (signal: NodeJS.Signals) => {
    const hanging = target.storage.faults.add({ method: 'POST', name: /05/, effect: { kind: 'hang', afterBytes: 100 } });
    const agent = startAgent([...args, '--prefix', 'docs/object', '--env-file', scene.project.envFile]);
    await expect.poll(() => hanging.struck, { timeout: 60_000 }).toBe(1);
    expect(await limitsOf(target.database)).toEqual(open);
    agent.kill(signal);
    const result = await agent.finished;
    hanging.remove();
    return result;
  };
  expect(await interrupt('SIGTERM')).toMatchObject({
    exitCode: 130,
    stdout: expect.stringContaining('"Interrupted. What was written before stays on the target."') as string,
  });
  expect(await limitsOf(target.database)).toEqual(own);

  // After kill -9 nobody is there to put back what the bucket had.
  expect(await interrupt('SIGKILL')).toMatchObject({ exitCode: 137 });
  expect(await limitsOf(target.database)).toEqual(open);
  const doctor = (await scene.run('doctor')).stdout;
  expect(doctor).toContain(
    `the limits of bucket docs of ${target.storage.url} are lifted since a restore that was interrupted`,
  );
  expect(await restore('--object', 'media/one')).toMatchObject({
    exitCode: 0,
    document: {
      steps: expect.arrayContaining([
        'put back the limits of bucket docs, which an interrupted restore has lifted',
      ]) as string[],
    },
  });
  expect(await limitsOf(target.database)).toEqual(own);

  // The key expires in the middle of a whole restore: what the API refuses is put back in the database.
  const sent = target.storage.requests.length;
  const expired = target.storage.faults.add({ after: 5, effect: { kind: 'refuse' } });
  const refused = await restore('--only', 'storage');
  expect(refused).toMatchObject({
    exitCode: 1,
    document: {
      error: {
        code: 'restore_failed',
        message: expect.stringMatching(
          /docs\/object \d\d\.txt.*"exp" claim.*What was written before stays on the target\.$/,
        ) as string,
        hint: expect.stringMatching(/TEST_SUPABASE_SERVICE_ROLE_KEY.* goes on where this one ended/) as string,
      },
    },
  });
  const captured = { size: 5, types: ['image/png'] };
  expect(await limitsOf(target.database)).toEqual(captured);
  expired.remove();
  const arrived = (): string[] =>
    target.storage.requests
      .slice(sent)
      .filter(({ method, path, status }) => method === 'POST' && path.includes('/docs/') && status === 200)
      .map(({ path }) => path);
  expect(arrived().length).toBeGreaterThan(0);

  // The disk of the agent fills up: the limits come back, and so does what was left.
  target.storage.faults.add({ method: 'POST', times: 1, effect: { kind: 'meanwhile', action: async () => fillDisk(disk) } });
  const full = await restore('--only', 'storage');
  expect(full).toMatchObject({
    exitCode: 21,
    document: { error: { code: 'no_space', message: expect.stringContaining('stays on the target.') as string } },
  });
  expect(await limitsOf(target.database)).toEqual(captured);
  await rm(join(disk, 'ballast'));
  expect(await restore('--only', 'storage')).toMatchObject({
    exitCode: 0,
    document: { objects: { comparison: { equal: names.length + 1, buckets: [] } } },
  });
  expect(await limitsOf(target.database)).toEqual(captured);
  // Nothing arrived twice since the first whole restore.
  expect(new Set(arrived()).size).toBe(arrived().length);
});
