import { describe, expect, test } from 'vitest';
import { manifestSchema, type Manifest } from '../../../src/domain/manifest.ts';

const manifest: Manifest = {
  formatVersion: 1,
  kind: 'database',
  backupId: 'shop-20261121T020000Z',
  project: 'shop',
  status: 'complete',
  startedAt: '2026-11-21T02:00:00.000Z',
  finishedAt: '2026-11-21T02:00:09.120Z',
  durationMs: 9120,
  agentVersion: '0.1.0',
  tools: { borg: '1.2.4', pgDump: '15.18', node: '24.2.0' },
  server: {
    version: '15.18',
    versionNumber: 150018,
    database: 'postgres',
    sizeBytes: 8_000_000,
    encoding: 'UTF8',
    collation: 'C.UTF-8',
  },
  chunkerParams: 'buzhash,12,18,13,1023',
  extensions: [{ name: 'hstore', version: '1.8', schema: 'public' }],
  roles: [
    {
      name: 'reader',
      superuser: false,
      inherit: true,
      createRole: false,
      createDatabase: false,
      login: true,
      replication: false,
      bypassRowSecurity: false,
      connectionLimit: -1,
      memberOf: [{ role: 'readers', adminOption: false }],
      settings: ['statement_timeout=8s'],
    },
  ],
  tables: [{ schema: 'public', name: 'plain', kind: 'table', oid: 16385, rows: 10, bytes: 8192 }],
  largeObjects: { count: 3 },
  parts: [{ path: 'database/full.dump', bytes: null, sha256: null, durationMs: 3570 }],
  coverage: [{ component: 'tables', state: 'captured', detail: '1 table with 10 rows' }],
  warnings: [],
};

/** As it comes out of an archive. */
const stored = (): Record<string, unknown> => JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>;

test('a manifest survives the archive', () => {
  expect(manifestSchema.parse(stored())).toEqual(manifest);
});

test('what a later version has added is passed over', () => {
  const later = { ...stored(), signature: 'abc', tables: [{ ...manifest.tables[0], partitions: 4 }] };
  expect(manifestSchema.parse(later)).toEqual(manifest);
});

test('what only some manifests have survives the archive, too', () => {
  const full: Manifest = {
    ...manifest,
    tables: [{ ...manifest.tables[0]!, contentHash: '0'.repeat(32), contentColumns: ['id'] }],
    changes: {
      since: 'shop-20261120T020000Z',
      counts: { table: { missing: 0, extra: 1, different: 0 } },
      differences: [{ class: 'table', name: 'public.plain', kind: 'extra' }],
      truncated: false,
    },
    migrationDrift: {
      state: 'drift',
      detail: '1 definition differs',
      migrations: 3,
      basis: 'f'.repeat(64),
      comparedIn: 'shop-20261121T020000Z',
    },
  };
  expect(manifestSchema.parse(JSON.parse(JSON.stringify(full)))).toEqual(full);
});

describe('a manifest without a field it needs is refused', () => {
  test.each(Object.keys(manifest))('%s', (field) => {
    const { [field]: _missing, ...rest } = stored();
    expect(manifestSchema.safeParse(rest).error?.issues[0]?.path).toEqual([field]);
  });
});

test.each([
  ['another format', { formatVersion: 2 }],
  ['a status that is none', { status: 'failed' }],
  ['a time without a zone', { startedAt: '2026-11-21T02:00:00' }],
  ['rows that are no number', { tables: [{ ...manifest.tables[0], rows: '10' }] }],
  ['an unknown coverage', { coverage: [{ component: 'tables', state: 'lost', detail: '' }] }],
])('%s is refused', (_what, change) => {
  expect(manifestSchema.safeParse({ ...stored(), ...change }).success).toBe(false);
});
