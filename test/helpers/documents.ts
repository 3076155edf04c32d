import type { CatalogRecord } from '../../src/domain/catalog.ts';
import type { Manifest } from '../../src/domain/manifest.ts';
import type { StorageManifest } from '../../src/domain/storage/manifest.ts';
import { membershipOf, ownerOf, privilegesOf, record, roleRecord, settingOf } from './catalog-records.ts';

// Documents with something in each of their fields, to be spoilt.

const common = {
  formatVersion: 1,
  backupId: 'shop-20261121T020000Z',
  project: 'shop',
  status: 'complete',
  startedAt: '2026-11-21T02:00:00.000Z',
  finishedAt: '2026-11-21T02:00:09.120Z',
  durationMs: 9120,
  agentVersion: '0.1.0',
  chunkerParams: 'buzhash,12,18,13,1023',
  coverage: [{ component: 'tables', state: 'captured', detail: '1 table with 10 rows' }],
  warnings: ['something was odd'],
  runKinds: ['database', 'storage'],
} as const;

export const fullManifest: Manifest = {
  ...common,
  coverage: [...common.coverage],
  warnings: [...common.warnings],
  runKinds: [...common.runKinds],
  kind: 'database',
  tools: { borg: '1.2.4', pgDump: '15.18', node: '24.2.0' },
  server: {
    version: '15.18',
    versionNumber: 150018,
    database: 'postgres',
    sizeBytes: 8_000_000,
    encoding: 'UTF8',
    collation: 'C',
  },
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
      memberOf: [{ role: 'readers', adminOption: false, inheritOption: true, setOption: true }],
      settings: ['statement_timeout=8s'],
    },
  ],
  tables: [
    {
      schema: 'public',
      name: 'plain',
      kind: 'table',
      oid: 16385,
      rows: 10,
      bytes: 8192,
      contentHash: 'ab',
      contentColumns: ['id'],
    },
    { schema: 'public', name: 'seen', kind: 'materialized view', oid: 16390, rows: null, bytes: 8192 },
  ],
  largeObjects: { count: 3 },
  parts: [
    { path: 'database/roles.sql', bytes: 10, sha256: 'a'.repeat(64), durationMs: 5 },
    { path: 'database/full.dump', bytes: null, sha256: null, durationMs: 3570 },
  ],
  safetyBackupOf: { project: 'shop-test', database: 'postgres', restoredBackup: 'shop-20261120T020000Z' },
  changes: {
    since: 'shop-20261120T020000Z',
    counts: { table: { missing: 0, extra: 1, different: 2 } },
    differences: [{ class: 'table', name: 'public.plain', kind: 'extra' }],
    truncated: false,
  },
  migrationDrift: { state: 'none', detail: 'as they say', migrations: 3, basis: 'b', comparedIn: 'shop-20261120T020000Z' },
};

export const fullStorageManifest: StorageManifest = {
  ...common,
  coverage: [...common.coverage],
  warnings: [...common.warnings],
  runKinds: [...common.runKinds],
  kind: 'storage',
  tools: { borg: '1.2.4', node: '24.2.0' },
  source: { url: 'https://example.org' },
  listedBy: 'database',
  totals: { buckets: 1, objects: 2, bytes: 10, downloadedObjects: 2, downloadedBytes: 10 },
  buckets: [{ id: 'docs', objects: 2, bytes: 10, missing: 1, leftOut: 1 }],
  leftOutBuckets: ['other'],
  parts: [{ path: 'storage/docs/objects.jsonl', bytes: 100, sha256: 'a'.repeat(64) }],
  missing: { count: 1, names: [{ bucket: 'docs', name: 'a.txt', reason: 'gone', lost: true }] },
  changed: { count: 1, names: [{ bucket: 'docs', name: 'b.txt', what: 'changed' }] },
  left: { objects: 1, bytes: 5 },
};

const grant = { grantor: 'postgres', grantee: 'anon', privilege: 'SELECT', grantable: false };

/** A record of every class whose values are looked at. */
export const fullCatalog: readonly CatalogRecord[] = [
  roleRecord('reader', { validUntil: '2030-01-01T00:00:00.000000Z' }),
  membershipOf('reader', 'readers'),
  settingOf('reader', 'statement_timeout=8s'),
  ownerOf('table public.notes', 'app'),
  privilegesOf('table public.notes', ['postgres=anon: SELECT*']),
  record('comment', 'table public.notes', { type: 'table', identity: 'public.notes', text: 'Notes' }),
  record('default privileges', 'app public TABLES', { role: 'app', schema: 'public', objects: 'TABLES', grants: [grant] }),
  record('large objects', 'app', { owner: 'app', grants: [grant], oids: '1 2' }, null),
  record(
    'publication',
    'all',
    {
      allTables: false,
      operations: ['insert'],
      viaRoot: false,
      tables: [{ table: 'public.notes', columns: null, filter: null }],
      schemas: [],
    },
    null,
  ),
  record(
    'event trigger',
    'on_ddl',
    { event: 'ddl_command_end', function: 'public.on_ddl()', tags: ['CREATE TABLE'], enabled: 'O' },
    null,
  ),
  record(
    'cron job',
    'nightly',
    { job: 'nightly', schedule: '0 2 * * *', command: 'SELECT 1', database: null, username: 'postgres', active: true },
    null,
  ),
  record('extension', 'pgcrypto', { version: '1.3', schema: 'extensions' }, null),
  record('webhook', 'hook on public.notes', { table: 'public.notes', enabled: 'O' }),
  record('column', 'public.notes.body', { type: 'text', notNull: true, default: null, collation: null, identity: null }),
];
