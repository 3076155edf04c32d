import { captured, count } from '../capture/coverage-texts.ts';
import type { Downloads } from '../capture/storage/download.ts';
import type { Sidecar } from '../capture/storage/sidecars.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import { apiLimits } from '../domain/storage/api-limits.ts';
import { listedNames, type StorageManifest } from '../domain/storage/manifest.ts';
import { describeRun } from './run-facts.ts';
import type { RunFrame } from './run.ts';
import type { StorageInventory, StorageRun } from './storage-inventory.ts';

interface StorageFacts {
  readonly backupId: string;
  readonly runKinds: readonly ArchiveKind[];
  readonly storageRun: StorageRun;
  readonly downloads: Downloads;
  readonly parts: readonly Sidecar[];
  readonly tools: StorageManifest['tools'];
}

export function buildStorageManifest(context: RunContext, frame: RunFrame, facts: StorageFacts): StorageManifest {
  const { storageRun, downloads, parts } = facts;
  const { mirror, storage, outcome, listedBy } = storageRun;
  const { missing, changed, left } = downloads;
  const buckets = mirror.buckets().map(({ id }) => {
    const { objects, bytes, pendingObjects, pendingBytes } = mirror.summary(id);
    return { id, objects: objects - pendingObjects, bytes: bytes - pendingBytes, missing: pendingObjects };
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
    parts: [...parts],
    missing: { count: missing.length, names: missing.slice(0, listedNames) },
    changed: { count: changed.length, names: changed.slice(0, listedNames) },
    left,
    warnings: [
      ...coverage.filter(({ state }) => state === 'not readable').map(({ component, detail }) => `${component}: ${detail}`),
      ...describeChanged(changed.length, listedBy),
      ...describeIdle(outcome),
    ],
  };
}

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

function describeLeftOut({ buckets, objects }: Extract<StorageInventory, { state: 'captured' }>['leftOut']): Coverage[] {
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
