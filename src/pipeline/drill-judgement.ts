import type { Comparison } from '../apply/compare.ts';
import type { MadeEventTriggers } from '../apply/drill/event-triggers.ts';
import { judgeRestore } from '../apply/outcome.ts';
import type { RestorePlan } from '../apply/plan-types.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import { concludeCheck, leaveUnchecked, type DrillCheck, type DrillCheckName } from '../domain/drill/check.ts';
import {
  addDefinitions,
  judgeContent,
  judgeDefinitions,
  judgeRows,
  type CapturedContents,
  type RehearsedComparison,
} from '../domain/drill/judge-comparison.ts';
import { judgeForeignKeys, judgeIndexes, judgeSequences, judgeViews } from '../domain/drill/judge-facts.ts';
import { isOfServer, isWithheldPower, judgeMade } from '../domain/drill/judge-restore.ts';
import type { RestoredFacts } from '../domain/drill/restored-facts.ts';
import type { Manifest } from '../domain/manifest.ts';

/** All that a rehearsed restore has brought to light. */
export interface Rehearsal {
  readonly manifest: Manifest;
  readonly catalog: readonly CatalogRecord[] | undefined;
  readonly plan: RestorePlan;
  /** Of the scratch server. */
  readonly serverMajor: number;
  /** What the server refused while it restored. */
  readonly skipped: readonly string[];
  readonly triggers: MadeEventTriggers;
  readonly comparison: Comparison;
  readonly facts: RestoredFacts;
  readonly warnings: readonly string[];
}

export interface JudgedRehearsal {
  readonly checks: readonly DrillCheck[];
  readonly warnings: readonly string[];
}

/** Puts together what the checks say of a restored database; pure. */
export function judgeRehearsal(rehearsal: Rehearsal): JudgedRehearsal {
  const { manifest, plan, skipped, triggers, facts } = rehearsal;
  const lacksExtension = plan.decisions.some(isLostExtension);
  const made = judgeMade({
    ...plan,
    lacksExtension,
    forbidden: plan.forbidden.filter(({ what }) => !isMadeTrigger(what, triggers)),
    refused: [...skipped, ...triggers.failed],
    warnings: rehearsal.warnings,
  });
  const compared = explain(rehearsal);
  const captured = collectContents(manifest);
  const sequences = judgeSequences(facts.sequences, compareValues(rehearsal));
  const definitions = (name: Parameters<typeof judgeDefinitions>[1]): ReturnType<typeof judgeDefinitions> =>
    judgeDefinitions(compared, name);
  const checks = [
    concludeCheck('restore', made),
    concludeCheck('rows', judgeRows(compared)),
    ...(captured.hashed === 0 ? [] : [concludeCheck('content', judgeContent(compared, captured))]),
    concludeCheck('definitions', definitions('definitions')),
    concludeCheck('foreign keys', addDefinitions(judgeForeignKeys(facts.foreignKeys), definitions('foreign keys'))),
    concludeCheck('indexes', addDefinitions(judgeIndexes(facts.indexes), definitions('indexes'))),
    concludeCheck('sequences', addDefinitions(sequences.findings, definitions('sequences'))),
    concludeCheck('views', addDefinitions(judgeViews(facts.views, { lacksExtension }), definitions('views'))),
    concludeCheck('row security', definitions('row security')),
  ];
  return { checks, warnings: sequences.warnings };
}

function isLostExtension({ entry, action, cause }: RestorePlan['decisions'][number]): boolean {
  return entry.description === 'EXTENSION' && action === 'skip' && ['forbidden', 'missing', 'absent'].includes(cause ?? '');
}

/** An empty table has no content. */
function collectContents({ tables }: Manifest): CapturedContents {
  const unhashed = tables.filter(({ kind, rows, contentHash }) => kind === 'table' && rows !== 0 && contentHash === undefined);
  return {
    hashed: tables.filter(({ contentHash }) => contentHash !== undefined).length,
    unhashed: unhashed.map(({ schema, name }) => `${schema}.${name}`),
  };
}

/** Of a restore that did not come to its end. */
export function judgeBroken(
  message: string,
  asked: { readonly compareStorage: unknown; readonly assertions: string | undefined },
): DrillCheck[] {
  const others: DrillCheckName[] = ['rows', 'definitions', 'foreign keys', 'indexes', 'sequences', 'views', 'row security'];
  if (asked.compareStorage !== undefined) others.push('storage rows');
  if (asked.assertions !== undefined) others.push('assertions');
  return [
    concludeCheck('restore', { detail: 'it did not come to its end', failed: [message], notChecked: [] }),
    ...others.map((name) => leaveUnchecked(name, 'the restore failed')),
  ];
}

function isMadeTrigger(what: string, { made }: MadeEventTriggers): boolean {
  return what.startsWith('event trigger ') && made.has(what.slice('event trigger '.length));
}

/** What is missing here is named by what hangs on it, one by one; only what the backup itself lacks explains all the rest. */
function explain({ manifest, plan, serverMajor, skipped, triggers, comparison, ...rehearsal }: Rehearsal): RehearsedComparison {
  const catalog = comparison.catalog.filter((difference) => !isWithheldPower(difference, serverMajor));
  const owned = new Set(
    indexCatalog(rehearsal.catalog ?? [])
      .get('owner')
      ?.keys() ?? [],
  );
  const ofServer = catalog.filter((difference) => isOfServer(difference, owned));
  const foretold = new Set(ofServer.map(({ class: className, name }) => `${className} ${name}`));
  const tolerant = manifest.coverage.some(({ state }) => state === 'not readable');
  const refused = [...skipped, ...triggers.failed];
  const { unexplained } = judgeRestore({ ...plan, tolerant }, { ...comparison, catalog }, refused);
  return { ...comparison, catalog, unexplained: unexplained.filter((what) => !foretold.has(what)) };
}

/** How far a restored sequence is beside the one that was captured: the comparison has named those that are not. */
function compareValues({ catalog, comparison }: Rehearsal): (name: string) => 'same' | 'other' | 'unknown' {
  const captured = indexCatalog(catalog ?? []).get('sequence value');
  const other = new Set(
    comparison.catalog.filter((difference) => difference.class === 'sequence value').map(({ name }) => name),
  );
  return (name) => (captured?.has(name) !== true ? 'unknown' : other.has(name) ? 'other' : 'same');
}
