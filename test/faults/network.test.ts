import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../helpers/agent.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { finishedArchives } from '../helpers/flip-scene.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { formatUrl } from '../helpers/project.ts';
import { startQuickBorg } from '../helpers/quick-borg.ts';
import { createRandom } from '../helpers/random.ts';
import type { RestoreDocument } from '../helpers/restoring.ts';
import { createInitializedProject, dumpText, expectGood } from '../helpers/scenario.ts';
import { startTcpProxy, type TcpProxy, type TcpProxyOptions } from '../helpers/tcp-proxy.ts';

const minuteMs = 60_000;

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** The URL of a database behind a proxy. */
async function behindProxy(database: TestDatabase, options?: TcpProxyOptions): Promise<{ proxy: TcpProxy; url: string }> {
  const { host, port } = database.config;
  const proxy = await startTcpProxy({ host, port }, options);
  return { proxy, url: formatUrl({ ...database.config, host: proxy.host, port: proxy.port }) };
}

const backupCuts = faultRounds(2, 30);

test(
  `the connection to the source is cut at ${backupCuts} random moments of backups (seed ${faultSeed})`,
  { timeout: 10 * minuteMs + backupCuts * 3 * minuteMs },
  async () => {
    const random = createRandom(faultSeed);
    const { ends, count } = createEnds();
    const source = await createTestDatabase({ template: 'supabase' });
    const { proxy, url } = await behindProxy(source);
    const variables = { SUPABASE_DB_URL: url, MIGRATION_DRIFT: 'off' };
    const { project, repository } = await createInitializedProject({ database: source, variables });
    const PATH = await startQuickBorg();
    const backUp = (): Promise<AgentResult> => runAgent(['backup', '--json', '--env-file', project.envFile], { env: { PATH } });
    proxy.takeBytes();
    expect(await backUp()).toMatchObject({ exitCode: 0 });
    const bytes = proxy.takeBytes();
    let complete = 1;

    for (let round = 1; round <= backupCuts; round += 1) {
      const after = Math.floor(random() * bytes);
      const manner = random() < 0.5 ? 'reset' : 'end';
      const told = `seed ${faultSeed}, round ${round}: ${manner} after ${after} of ${bytes} bytes`;
      const { cuts } = proxy;
      proxy.cutAfter(after, manner);
      const result = await backUp();
      expect(proxy.cuts, told).toBe(cuts + 1);
      if (result.exitCode === 0) {
        expect(result.json(), told).toMatchObject({ status: 'complete' });
        complete += 1;
        count('begun again, and complete');
      } else {
        expect(result.exitCode, `${told}\n${result.stdout}`).toBe(20);
        expect(result.json<Failed>().error.hint, told).not.toBe('');
        count('failed, with its name and code 20');
      }
      expect(await finishedArchives(repository), told).toHaveLength(complete);
      await expectNoLeaks(project.directory);
    }
    await expectGood(project);
    recordFaults({ group: 'network', fault: 'the connection to the source cut in a backup', rounds: backupCuts, ends });
  },
);

interface RestoreScene {
  /** What a database looks like once the backup is restored into it, and before. */
  readonly restored: string;
  readonly empty: string;
  /** Restores the backup into a database behind a proxy. */
  restore(url: string): Promise<{ exitCode: number; document: RestoreDocument }>;
}

async function createRestoreScene(): Promise<RestoreScene> {
  const path = await startQuickBorg();
  const source = await createTestDatabase({ template: 'supabase' });
  const target = await createTestDatabase();
  const empty = await dumpText(target);
  const { project } = await createInitializedProject({ database: source, target, variables: { MIGRATION_DRIFT: 'off' } });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  return { restored: await dumpText(source), empty, restore };

  async function restore(url: string): Promise<{ exitCode: number; document: RestoreDocument }> {
    const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--json', '--env-file', project.envFile];
    const result = await runAgent(args, { env: { PATH: path, TEST_SUPABASE_DB_URL: url } });
    return { exitCode: result.exitCode, document: result.json<RestoreDocument>() };
  }
}

const isThere = /All that was to come into the database is on the target/;
const allOrNothing = /either all of it is on the target by now, or nothing/;
const restoreCuts = faultRounds(2, 30);

test(
  `the connection to the target is cut at ${restoreCuts} random moments of restores (seed ${faultSeed})`,
  { timeout: 10 * minuteMs + restoreCuts * 3 * minuteMs },
  async () => {
    const random = createRandom(faultSeed);
    const { ends, count } = createEnds();
    const { restore, restored, empty } = await createRestoreScene();
    let bytes = 0;
    for (let round = 0; round <= restoreCuts; round += 1) {
      const target = await createTestDatabase();
      const { proxy, url } = await behindProxy(target);
      const after = Math.floor(random() * bytes);
      const manner = random() < 0.5 ? 'reset' : 'end';
      const told = `seed ${faultSeed}, round ${round}: ${manner} after ${after} of ${bytes} bytes`;
      if (round > 0) proxy.cutAfter(after, manner);
      const { exitCode, document } = await restore(url);
      const dump = await dumpText(target);
      await target.drop();
      if (round === 0) {
        bytes = proxy.takeBytes();
        continue;
      }
      expect(proxy.cuts, told).toBe(1);
      expect([1, 20], told).toContain(exitCode);
      const message = document.error!.message;
      expect([empty, restored], told).toContain(dump);
      if (allOrNothing.test(message)) count('failed at the commit, and said that this is not known');
      else {
        expect(isThere.test(message), `${told}: ${message}`).toBe(dump === restored);
        count(dump === restored ? 'failed after the commit, and said so' : 'failed, and nothing of it stayed');
      }
    }
    recordFaults({ group: 'network', fault: 'the connection to the target cut in a restore', rounds: restoreCuts, ends });
  },
);

test('the answer to the COMMIT of a restore is lost: the message does not say what nobody knows', async () => {
  const { restore, restored } = await createRestoreScene();
  const target = await createTestDatabase();
  const { proxy, url } = await behindProxy(target);
  proxy.cutBehind('COMMIT;\0');
  const { exitCode, document } = await restore(url);
  expect({ exitCode, cuts: proxy.cuts }).toEqual({ exitCode: 1, cuts: 1 });
  expect(await dumpText(target)).toBe(restored);
  expect(document.error!.message).toMatch(allOrNothing);
});

const roundTripMs = faultRounds(5, 50);

test(`a backup and a restore over round trips of ${roundTripMs} ms`, { timeout: 10 * minuteMs }, async () => {
  const source = await createTestDatabase({ template: 'supabase' });
  const target = await createTestDatabase();
  const slow = { latencyMs: roundTripMs / 2 };
  const { url } = await behindProxy(source, slow);
  const { url: targetUrl } = await behindProxy(target, slow);
  const variables = { SUPABASE_DB_URL: url, TEST_SUPABASE_DB_URL: targetUrl, MIGRATION_DRIFT: 'off' };
  const { project } = await createInitializedProject({ database: source, target, variables });
  const env = { PATH: await startQuickBorg() };
  const run = (...args: readonly string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile], { env });
  expect(await run('backup')).toMatchObject({ exitCode: 0 });
  expect(await run('restore', 'latest', '--to', 'test', '--confirm', 'shop-test')).toMatchObject({ exitCode: 0 });
  expect(await dumpText(target)).toBe(await dumpText(source));
  const fault = `round trips of ${roundTripMs} ms, for a backup and for a restore`;
  recordFaults({ group: 'network', fault, rounds: 2, ends: { 'all as ever': 2 } });
});

// It takes three attempts, with a minute between them.
test.runIf(faultRounds(0, 1) === 1)(
  'a pooler that drops idle sessions: no backup, and it is said why',
  { timeout: 10 * minuteMs },
  async () => {
    const source = await createTestDatabase({ template: 'supabase' });
    // The session of the snapshot has to wait for the dump.
    const { url } = await behindProxy(source, { idleMs: 200 });
    const variables = { SUPABASE_DB_URL: url, MIGRATION_DRIFT: 'off' };
    const { project, repository } = await createInitializedProject({ database: source, variables });
    const result = await runAgent(['backup', '--json', '--env-file', project.envFile]);
    expect(result.exitCode, result.stdout).toBe(20);
    expect(await finishedArchives(repository)).toEqual([]);
    recordFaults({
      group: 'network',
      fault: 'a pooler that drops idle sessions',
      rounds: 1,
      ends: { 'failed, with its name and code 20': 1 },
    });
  },
);
