import type { RestorePlan } from '../apply/plan-types.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { allObjects } from '../domain/storage/object-selection.ts';
import { planObjects } from './bring-objects.ts';
import { describeEndangered, findEndangeredObjects, type Endangered } from './endangered-objects.ts';
import type { RunFrame } from './run.ts';

/** What a restore of everything does about the objects of Storage. */
export interface StoragePlan extends Pick<RestorePlan, 'steps' | 'forbidden'> {
  /** The storage archive whose objects are brought; undefined for none. */
  readonly archive: string | undefined;
  /** What of the target goes; the caller closes it. */
  readonly endangered: Endangered | undefined;
}

export interface StoragePlanRequest {
  /** The storage archive of the backup. */
  readonly archive: string | undefined;
  readonly target: TargetConfig;
  /** Whether the rows of the target's Storage are removed before. */
  readonly clean: boolean;
  readonly safetyBackup: boolean;
}

/** Looks at the backup and, where its Storage is configured, at the target. Throws AppError. */
export async function planStorage(
  context: RunContext,
  frame: RunFrame,
  { archive, target, clean, safetyBackup }: StoragePlanRequest,
): Promise<StoragePlan> {
  const nothing = { archive: undefined, endangered: undefined, steps: [], forbidden: [] };
  if (archive === undefined) return nothing;
  const { manifest, steps } = await planObjects(context, { archive, selection: allObjects, url: target.storage?.url });
  const isEmpty = manifest.totals.objects + manifest.totals.buckets === 0;
  if (target.storage === undefined) {
    const what = `${manifest.totals.objects.toLocaleString('en-US')} objects of Storage`;
    const why = `no key of the target's Storage is configured (SUPABASE_SERVICE_ROLE_KEY of ${target.project})`;
    return { ...nothing, forbidden: isEmpty ? [] : [{ what, why }] };
  }
  const restore = { archive, manifest, target, selection: allObjects, cleans: () => clean };
  const endangered = await findEndangeredObjects(context, frame, restore);
  return {
    ...nothing,
    archive,
    endangered,
    steps: [...(isEmpty ? [] : steps), ...describeEndangered(endangered, safetyBackup)],
  };
}
