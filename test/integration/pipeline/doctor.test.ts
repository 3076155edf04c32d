import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import { diagnose } from '../../../src/pipeline/doctor.ts';
import type { Finding } from '../../../src/pipeline/doctor/finding.ts';
import type { DoctorTools } from '../../../src/pipeline/doctor/tools.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { createTestDatabase } from '../../helpers/database.ts';

/** The state is already open: the doctor may use it, but not close it. */
function toolsOf(context: RunContext): DoctorTools {
  return { ...context, openState: () => ({ ...context.state, close: () => undefined }) };
}

async function findingsOf(tools: DoctorTools): Promise<ReadonlyMap<string, Finding>> {
  const { commands, progress, signal } = tools;
  const { findings } = await diagnose({ configuration: [], commands, progress, signal, tools });
  return new Map(findings.map((finding) => [finding.check, finding]));
}

async function createTools(): Promise<DoctorTools> {
  const context = await createTestContext({ database: await createTestDatabase(), repository: await createTestRepository() });
  await initialize(context);
  return toolsOf(context);
}

test('a clock that differs from the server is noticed, in both directions', async () => {
  const tools = await createTools();
  const shifted = (ms: number): DoctorTools => ({
    ...tools,
    clock: { ...tools.clock, now: () => new Date(Date.now() + ms) },
  });
  expect((await findingsOf(tools)).get('clock')).toMatchObject({ state: 'ok' });
  expect((await findingsOf(shifted(120_000))).get('clock')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^this machine is 1[12]\d s ahead of the server/) as string,
  });
  expect((await findingsOf(shifted(-120_000))).get('clock')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^this machine is 1[12]\d s behind the server/) as string,
  });
});

test('the buckets of the Storage API have to be those of the database', async () => {
  const repository = await createTestRepository();
  const database = await createTestDatabase({ template: 'supabase' });
  const buckets = (await database.query<{ id: string }>('SELECT id FROM storage.buckets')).map(({ id }) => id);
  expect(buckets).not.toEqual([]);
  const withBuckets = (context: RunContext, ...ids: string[]): DoctorTools => {
    const store = { url: 'https://a.example.com', listBuckets: async () => ids.map((id) => ({ id, row: '{}' })) };
    const storage = { store, openMirror: () => expect.unreachable('The doctor has no use for the mirror.') };
    return { ...toolsOf(context), storage: storage as unknown as NonNullable<DoctorTools['storage']> };
  };
  const stateOf = async (tools: DoctorTools) => (await findingsOf(tools)).get('storage')?.state;

  const context = await createTestContext({ database, repository });
  expect(await stateOf(withBuckets(context, ...buckets))).toBe('ok');
  expect(await stateOf(withBuckets(context))).toBe('failed');
  expect(await stateOf(toolsOf(context))).toBeUndefined();
  const plain = await createTestContext({ database: await createTestDatabase(), repository });
  expect(await stateOf(withBuckets(plain))).toBe('ok');
  expect(await stateOf(withBuckets(plain, 'docs'))).toBe('failed');
});

test('little room is noticed, on both disks', async () => {
  const tools = await createTools();
  const full: DoctorTools = { ...tools, files: { ...tools.files, freeBytes: () => Promise.resolve(1_000_000) } };
  const findings = await findingsOf(full);
  expect(findings.get('free space')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^1 MiB at .*the database has \d+ MiB$/) as string,
  });
  expect(findings.get('state directory')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^only 1 MiB are free/) as string,
  });
  const fuller: DoctorTools = { ...tools, files: { ...tools.files, freeBytes: () => Promise.resolve(1000) } };
  expect((await findingsOf(fuller)).get('free space')).toMatchObject({ state: 'failed' });
});

test('a state directory that others can look into is noticed', async () => {
  const tools = await createTools();
  const directory = join(tools.config.stateDirectory, tools.config.project);
  expect((await findingsOf(tools)).get('state directory')).toMatchObject({ state: 'ok' });
  await chmod(directory, 0o755);
  expect((await findingsOf(tools)).get('state directory')).toMatchObject({
    state: 'warning',
    remedy: `chmod 700 ${directory}`,
  });
});

test('a check that goes wrong in an unexpected way does not stop the others', async () => {
  const tools = await createTools();
  const broken: DoctorTools = {
    ...tools,
    openState: () => {
      throw new Error('broken');
    },
    databases: { ...tools.databases, findPrograms: () => Promise.reject(new Error('also broken')) },
  };
  const findings = await findingsOf(broken);
  expect(findings.get('state directory')).toMatchObject({ state: 'failed', detail: 'broken' });
  expect(findings.get('pg_dump')).toMatchObject({ state: 'failed', detail: 'also broken' });
  expect(findings.get('privileges')).toMatchObject({ state: 'ok' });
  expect(findings.get('repository')).toMatchObject({ state: 'ok' });
});
