import { safetyProjectOf } from './archive-name.ts';
import {
  planRetention,
  type RetentionCandidate,
  type RetentionDecision,
  type RetentionInput,
  type RetentionPlan,
} from './retention.ts';

export interface PruneCandidate extends RetentionCandidate {
  /** Whether it is a safety backup. */
  readonly safety: boolean;
  /** Whether it holds Storage alone, since that was asked for. */
  readonly storageOnly: boolean;
}

export interface PruneInput extends Omit<RetentionInput, 'backups' | 'noun'> {
  /** All backups of the project and its safety backups, in any order. */
  readonly backups: readonly PruneCandidate[];
}

export interface PruneDecision extends RetentionDecision {
  readonly safety: boolean;
}

/** Either a decision for every backup, newest first, or why none may be removed now. */
export type PrunePlan = { readonly refused: string } | { readonly decisions: readonly PruneDecision[] };

/**
 * Applies the rules to the backups of a project, to those of its Storage alone, and to its safety backups, each apart from the others:
 * none takes a place among the kept ones from another, or is kept for another's sake. When no backup may be removed, nothing is.
 */
export function planRepository({ backups, ...input }: PruneInput): PrunePlan {
  const own = backups.filter(({ safety }) => !safety);
  const plan = planRetention({ ...input, backups: own.filter(({ storageOnly }) => !storageOnly) });
  if ('refused' in plan) return plan;
  const ofStorage = planRetention({
    ...input,
    backups: own.filter(({ storageOnly }) => storageOnly),
    noun: 'storage backup',
  });
  if ('refused' in ofStorage) return ofStorage;
  const decisions = [
    ...[...plan.decisions, ...ofStorage.decisions].map((decision) => ({ ...decision, safety: false })),
    ...decideSafety(
      backups.filter(({ safety }) => safety),
      input,
    ).map((decision) => ({ ...decision, safety: true })),
  ];
  const times = new Map(backups.map(({ backupId, startedAt }) => [backupId, startedAt.getTime()]));
  return { decisions: decisions.toSorted((a, b) => times.get(b.backupId)! - times.get(a.backupId)!) };
}

/**
 * What cannot be read of a target cannot be mended from here, so an incomplete safety backup counts as a complete one: otherwise those
 * of such a target would be kept for ever. How the last backup ended says nothing about them.
 */
function decideSafety(
  backups: readonly PruneCandidate[],
  { project, rules, now, drills }: Omit<PruneInput, 'backups'>,
): readonly RetentionDecision[] {
  const plan: RetentionPlan = planRetention({
    project: safetyProjectOf(project),
    backups: backups.map((backup) => ({ ...backup, status: backup.status === 'incomplete' ? 'complete' : backup.status })),
    rules,
    now,
    ...(drills === undefined ? {} : { drills }),
    noun: 'safety backup',
  });
  if ('decisions' in plan) return plan.decisions;
  const reasons = [`no safety backup is removed now: ${plan.refused}`];
  return backups.map(({ backupId, archives }) => ({ backupId, action: 'keep', reasons, archives }));
}
