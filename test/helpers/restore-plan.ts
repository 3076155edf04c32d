import { planRestore } from '../../src/apply/plan.ts';
import type { PlanRequest, RestorePlan } from '../../src/apply/plan-types.ts';
import type { TargetFacts } from '../../src/apply/target.ts';
import type { DumpEntry } from '../../src/domain/dump-head.ts';
import type { Manifest, Role, TableRecord } from '../../src/domain/manifest.ts';
import { everything } from '../../src/domain/restore-scope.ts';
import { relationKey } from '../../src/domain/selection.ts';
import { targetKinds, type NamedTarget } from './restore-target.ts';

export function roleOf(name: string, attributes: Partial<Role> = {}): Role {
  return {
    name,
    superuser: false,
    inherit: true,
    createRole: false,
    createDatabase: false,
    login: false,
    replication: false,
    bypassRowSecurity: false,
    connectionLimit: -1,
    memberOf: [],
    settings: [],
    ...attributes,
  };
}

/** `tableOf('public.notes', { oid: 16400, rows: 3 })` */
export function tableOf(qualified: string, facts: Partial<TableRecord> = {}): TableRecord {
  const [schema, name] = qualified.split('.') as [string, string];
  return { schema, name, kind: 'table', oid: 1, rows: 0, bytes: 1, ...facts };
}

/** Of a PostgreSQL 15.18, with nothing in it. */
export function manifestOf(facts: Partial<Manifest> = {}): Manifest {
  const instant = '2026-11-21T02:00:00Z';
  return {
    formatVersion: 1,
    kind: 'database',
    backupId: 'shop-20261121T020000Z',
    project: 'shop',
    status: 'complete',
    startedAt: instant,
    finishedAt: instant,
    durationMs: 1,
    agentVersion: '0.1.0',
    tools: { borg: '1.2.3', pgDump: '15.18', node: '24.2.0' },
    server: { version: '15.18', versionNumber: 150_018, database: 'postgres', sizeBytes: 1, encoding: 'UTF8', collation: 'C' },
    chunkerParams: 'default',
    extensions: [],
    roles: [],
    tables: [],
    largeObjects: { count: 0 },
    parts: [],
    coverage: [],
    warnings: [],
    ...facts,
  };
}

/** An empty database `restored` of PostgreSQL 17, as `postgres`. */
export function targetFactsOf(name: NamedTarget, facts: Partial<TargetFacts> = {}): TargetFacts {
  return {
    ...targetKinds[name],
    version: '17.2',
    major: 17,
    database: 'restored',
    encoding: 'UTF8',
    role: 'postgres',
    createsRoles: true,
    refusedExtensions: new Map(),
    contents: [],
    roles: new Set(['postgres']),
    availableExtensions: new Map(),
    occupied: new Set(),
    largeObjects: 0,
    entries: [],
    catalog: [],
    relations: new Map(),
    creatable: new Set(),
    replicates: true,
    ...facts,
  };
}

/** `occupiedBy('auth.users')`: tables of the target that hold rows. */
export function occupiedBy(...tables: readonly string[]): ReadonlySet<string> {
  return new Set(tables.map((table) => relationKey(...(table.split('.') as [string, string]))));
}

export interface PlanFacts extends Partial<Omit<PlanRequest, 'head' | 'manifest' | 'target' | 'scope'>> {
  readonly entries?: readonly DumpEntry[];
  readonly manifest?: Partial<Manifest>;
  readonly target?: TargetFacts;
  readonly scope?: Partial<PlanRequest['scope']>;
}

/** A restore of the whole into an empty plain database of a superuser, but for what is said. */
export function requestOf({ entries = [], manifest, target, scope, ...facts }: PlanFacts = {}): PlanRequest {
  return {
    manifest: manifestOf(manifest),
    catalog: [],
    head: { preamble: Buffer.alloc(0), format: { minor: 14, integerSize: 4, offsetSize: 8 }, entries },
    target: target ?? targetFactsOf('plain'),
    jobs: undefined,
    enableJobs: false,
    allowIncomplete: false,
    scope: { ...everything, ...scope },
    clean: false,
    ...facts,
  };
}

export function planOf(facts: PlanFacts = {}): RestorePlan {
  return planRestore(requestOf(facts));
}
