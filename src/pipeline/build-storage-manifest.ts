import { captured, count } from '../capture/coverage-texts.ts';
import type { Downloads } from '../capture/storage/download.ts';
import type { LeftOut } from '../capture/storage/inventory.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import type { SafetyBackupOf } from '../domain/manifest.ts';
import { globOfObject } from '../domain/storage/filter.ts';
import { apiLimits } from '../domain/storage/api-limits.ts';
import { listedNames, type StorageManifest } from '../domain/storage/manifest.ts';
import { describeRun } from './run-facts.ts';
import type { RunFrame } from './run.ts';
import type { ArchivedStorage, StorageInventory } from './storage-inventory.ts';

interface StorageFacts {
  readonly backupId: string;
  readonly runKinds: readonly ArchiveKind[];
  readonly storageRun: ArchivedStorage;
  readonly safetyBackupOf?: SafetyBackupOf | undefined;
  readonly downloads: Downloads;
  readonly parts: StorageManifest['parts'];
  readonly tools: StorageManifest['tools'];
}

export function buildStorageManifest(context: RunContext, frame: RunFrame, facts: StorageFacts): StorageManifest {
  const { storageRun, downloads, parts } = facts;
  const { mirror, storage, outcome, listedBy } = storageRun;
  const { missing, changed, left } = downloads;
  const { leftOut } = outcome.state === 'captured' ? outcome : { leftOut: nothing };
  const buckets = mirror.buckets().map(({ id }) => {
    const { objects, bytes, pendingObjects, pendingBytes } = mirror.summary(id);
    const held = { id, objects: objects - pendingObjects, bytes: bytes - pendingBytes, missing: pendingObjects };
    const unwanted = leftOut.objects.get(id);
    return unwanted === undefined ? held : { ...held, leftOut: unwanted };
  });
  const sum = (which: 'objects' | 'bytes'): number => buckets.reduce((total, bucket) => total + bucket[which], 0);
  const totals = {
    buckets: buckets.length,
    objects: sum('objects'),
    bytes: sum('bytes'),
    downloadedObjects: downloads.objects,
    downloadedBytes: downloads.bytes,
  };
  const coverage = [...describeStorage(outcome, totals, downloads), ...(listedBy === 'api' ? apiLimits : [])];
  return {
    kind: 'storage',
    ...describeRun(context, frame, { ...facts, coverage }),
    tools: facts.tools,
    chunkerParams: 'default',
    source: { url: storage.store.url },
    listedBy,
    totals,
    buckets,
    ...(leftOut.buckets.length === 0 ? {} : { leftOutBuckets: [...leftOut.buckets] }),
    parts: [...parts],
    missing: { count: missing.length, names: missing.slice(0, listedNames) },
    changed: { count: changed.length, names: changed.slice(0, listedNames) },
    left,
    ...(facts.safetyBackupOf === undefined ? {} : { safetyBackupOf: facts.safetyBackupOf }),
    warnings: [
      ...coverage.filter(({ state }) => state === 'not readable').map(({ component, detail }) => `${component}: ${detail}`),
      ...(downloads.stopped === undefined ? [] : [remedies[downloads.stopped]]),
      ...describeLost(downloads),
      ...describeChanged(changed.length, listedBy),
      ...describeIdle(outcome),
    ],
  };
}

/** For whoever reads that objects are missing. */
const remedies: Readonly<Record<NonNullable<Downloads['stopped']>, string>> = {
  refused:
    'Storage refused the key: put one that is valid into SUPABASE_SERVICE_ROLE_KEY (`agent doctor` tries it); the next backup downloads what is missing',
  transient:
    'Storage failed again and again: see https://status.supabase.com and `agent doctor`; the next backup downloads what is missing',
};

const component = 'storage objects';
const shownNames = 5;

function describeStorage(
  outcome: StorageInventory,
  { objects, buckets }: StorageManifest['totals'],
  downloads: Downloads,
): Coverage[] {
  if (outcome.state === 'absent') {
    return [{ component, state: 'not configured', detail: 'the database has no tables of Storage' }];
  }
  if (outcome.state === 'not readable') return [{ component, state: 'not readable', detail: outcome.reason }];
  return [
    captured(component, `${count(objects, 'object')} in ${count(buckets, 'bucket')}`, objects),
    ...describeGaps(downloads),
    ...describeLeftOut(outcome.leftOut),
  ];
}

function describeGaps({ missing, left }: Downloads): Coverage[] {
  const some = missing.slice(0, shownNames).map(({ bucket, name, reason }) => `${bucket}/${name} (${reason})`);
  const more = missing.length - some.length;
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            component: 'missing storage objects',
            state: 'not readable' as const,
            detail: `${count(missing.length, 'object')}: ${some.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`,
          },
        ]),
    ...(left.objects === 0
      ? []
      : [
          {
            component: 'storage objects beyond STORAGE_MAX_EGRESS',
            state: 'not readable' as const,
            detail: `${count(left.objects, 'object')} with ${left.bytes.toLocaleString('en-US')} bytes are left for the next run`,
          },
        ]),
  ];
}

const nothing: LeftOut = { buckets: [], objects: new Map(), idlePatterns: [] };

/** What does not pass would keep all backups incomplete, and so all of them, for ever. */
function describeLost({ missing }: Downloads): string[] {
  const lost = missing.filter((object) => object.lost);
  if (lost.length === 0) return [];
  const some = lost.slice(0, shownNames).map(({ bucket, name }) => globOfObject(bucket, name));
  const list = `${some.join(',')}${lost.length > some.length ? ',...' : ''}`;
  return [
    `the rows of ${count(lost.length, 'object')} of Storage are there, but their bytes are not: backups stay incomplete, and retention removes none, until they are uploaded again, removed, or left out (add to STORAGE_EXCLUDE: ${list})`,
  ];
}

function describeLeftOut({ buckets, objects: ofBuckets }: LeftOut): Coverage[] {
  const objects = [...ofBuckets.values()].reduce((sum, some) => sum + some, 0);
  if (buckets.length === 0 && objects === 0) return [];
  const parts = [
    ...(buckets.length === 0 ? [] : [`${count(buckets.length, 'bucket')} (${buckets.slice(0, shownNames).join(', ')})`]),
    ...(objects === 0 ? [] : [`${count(objects, 'object')} in other buckets`]),
  ];
  return [
    {
      component: 'storage objects left out',
      state: 'not configured',
      detail: `${parts.join(' and ')}, as STORAGE_BUCKETS and STORAGE_EXCLUDE say`,
    },
  ];
}

function describeIdle(outcome: StorageInventory): string[] {
  if (outcome.state !== 'captured' || outcome.leftOut.idlePatterns.length === 0) return [];
  return [`no bucket fits these patterns of STORAGE_BUCKETS and STORAGE_EXCLUDE: ${outcome.leftOut.idlePatterns.join(', ')}`];
}

function describeChanged(changed: number, listedBy: StorageManifest['listedBy']): string[] {
  if (changed === 0) return [];
  const since = listedBy === 'api' ? 'they were listed' : 'the snapshot';
  return [`${count(changed, 'object')} of Storage changed after ${since}: taken as they are now, or left where they are gone`];
}
