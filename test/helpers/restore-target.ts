import type { DumpEntry } from '../../src/domain/dump-head.ts';
import { selectEntries } from '../../src/domain/restore-selection.ts';
import {
  relationKey,
  type Decision,
  type TargetKind,
  type TargetObjects,
  type TargetRelation,
} from '../../src/domain/selection.ts';

/** Targets as a restore meets them: two of the platform, and two of a plain PostgreSQL. */
export const targetKinds = {
  hosted: { kind: 'hosted', superuser: false, privileged: true },
  'self-hosted': { kind: 'self-hosted', superuser: true, privileged: true },
  plain: { kind: 'plain', superuser: true, privileged: true },
  'plain without a superuser': { kind: 'plain', superuser: false, privileged: false },
} as const satisfies Record<string, { kind: TargetKind; superuser: boolean; privileged: boolean }>;
export type NamedTarget = keyof typeof targetKinds;

/** An empty target of a kind, of the same version of the platform, with what the test says of it. */
export function targetOf(name: NamedTarget, facts: Partial<TargetObjects> = {}): TargetObjects {
  return {
    ...targetKinds[name],
    samePlatform: true,
    existing: new Set(),
    creatable: new Set(),
    relations: new Map(),
    availableExtensions: new Map(),
    ...facts,
  };
}

/** Tables that are there: of somebody else and closed, but for what is given. */
export function relationsOf(tables: Readonly<Record<string, Partial<TargetRelation>>>): ReadonlyMap<string, TargetRelation> {
  const closed = { owned: false, insert: false, update: false, trigger: false, policies: false, columns: ['id'] };
  return new Map(
    Object.entries(tables).map(([qualified, properties]) => {
      const [schema, name] = qualified.split('.') as [string, string];
      return [relationKey(schema, name), { schema, name, ...closed, ...properties }];
    }),
  );
}

/** What becomes of entries when all is asked for; rows by the object ids of tables. */
export function decideAll(
  entries: readonly DumpEntry[],
  target: TargetObjects,
  rows: Readonly<Record<string, number>> = {},
): Decision[] {
  return selectEntries(entries, target, { rows: new Map(Object.entries(rows)), asked: () => true });
}

/** "keep", "skip: forbidden" */
export function outcomeOf({ action, cause }: Decision): string {
  return cause === undefined ? action : `${action}: ${cause}`;
}
