import { expect, test } from 'vitest';
import { readAnyManifest, readManifest, readStorageManifest } from '../../../src/archive/verify.ts';
import type { Repository } from '../../../src/context.ts';

const common = {
  formatVersion: 1,
  backupId: 'shop-20261121T020000Z',
  project: 'shop',
  status: 'complete',
  startedAt: '2026-11-21T02:00:00.000Z',
  finishedAt: '2026-11-21T02:00:09.120Z',
  durationMs: 9120,
  agentVersion: '0.1.0',
  chunkerParams: 'default',
  parts: [],
  coverage: [],
  warnings: [],
};
const server = { version: '15', versionNumber: 150000, database: 'app', sizeBytes: 1, encoding: 'UTF8', collation: 'C' };
const totals = { buckets: 0, objects: 0, bytes: 0, downloadedObjects: 0, downloadedBytes: 0 };
const none = { count: 0, names: [] };
const texts: Readonly<Record<string, string>> = {
  database: JSON.stringify({
    ...common,
    kind: 'database',
    tools: { borg: '1', pgDump: '15', node: '24' },
    server,
    extensions: [],
    roles: [],
    tables: [],
    largeObjects: { count: 0 },
  }),
  storage: JSON.stringify({
    ...common,
    kind: 'storage',
    tools: { borg: '1', node: '24' },
    source: { url: 'https://a.supabase.co' },
    listedBy: 'database',
    totals,
    buckets: [],
    missing: none,
    changed: none,
    left: { objects: 0, bytes: 0 },
  }),
  unknown: JSON.stringify({ ...common, kind: 'functions' }),
  broken: '{',
  newer: JSON.stringify({ formatVersion: 2, kind: 'database', agentVersion: '3.1.0', whole: 'something else' }),
  'newer still': JSON.stringify({ formatVersion: 7 }),
  older: JSON.stringify({ ...common, formatVersion: 0, kind: 'database' }),
};
const tools = { repository: { readText: async (archive: string) => texts[archive] } as unknown as Repository };

test.each([
  ['database', readManifest],
  ['storage', readStorageManifest],
  ['database', readAnyManifest],
  ['storage', readAnyManifest],
])('the manifest of a %s archive is read', async (archive, read) => {
  await expect(read(tools, archive)).resolves.toMatchObject({ kind: archive, chunkerParams: 'default' });
});

test.each([
  ['storage', readManifest, 'its manifest cannot be understood'],
  ['database', readStorageManifest, 'its manifest cannot be understood'],
  ['unknown', readAnyManifest, 'its manifest cannot be understood'],
  ['broken', readAnyManifest, 'its manifest cannot be understood'],
  ['older', readAnyManifest, 'its manifest cannot be understood'],
  ['missing', readAnyManifest, 'it has no manifest'],
])('that of a %s one is refused where another is asked for', async (archive, read, what) => {
  await expect(read(tools, archive)).rejects.toMatchObject({
    code: 'verification_failed',
    message: `${archive} is not good: ${what}.`,
  });
});

test.each([
  ['newer', /^newer was written by agent 3\.1\.0 in layout 2; this one reads layout 1\. Nothing says/],
  ['newer still', /^newer still was written by a newer agent in layout 7; /],
])('the manifest of a layout that is %s is no damage, and needs a newer agent', async (archive, message) => {
  for (const read of [readAnyManifest, readManifest, readStorageManifest])
    await expect(read(tools, archive)).rejects.toMatchObject({
      code: 'verification_failed',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/^Install that version of the agent or a newer one\./) as string,
    });
});
