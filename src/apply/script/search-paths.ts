import type { DumpEntry } from '../../domain/dump-head.ts';
import { describeEntry } from '../../domain/restore-selection.ts';
import type { Decision } from '../../domain/selection.ts';
import { settingAssignment } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';

/** What is computed from rows when it is made, and by then, from 17 on, with no search path but pg_catalog. */
const computed = new Set(['CONSTRAINT', 'INDEX', 'MATERIALIZED VIEW']);

/**
 * Functions of indexes and materialized views that use names without a schema worked before 17, and still do in a server that was
 * upgraded. To make those there, the functions have the search path of the source for as long as the restore takes.
 * https://www.postgresql.org/docs/17/release-17.html (Migration: "Change functions to use a safe search_path during maintenance operations")
 */
export function lendSearchPath(
  decisions: readonly Decision[],
  { searchPath, major }: { readonly searchPath: string; readonly major: number },
): { lend: string[]; takeBack: string[] } {
  const functions = major < 17 ? [] : findFunctions(decisions).filter(hasNoSearchPath);
  return {
    lend: functions.map((entry) => alter(entry, `SET ${settingAssignment(`search_path=${searchPath}`)}`)),
    takeBack: functions.map((entry) => alter(entry, 'RESET search_path')),
  };
}

function alter(entry: DumpEntry, change: string): string {
  return tolerateFailure(`search path of ${describeEntry(entry)}`, `ALTER FUNCTION ${identityOf(entry)} ${change}`);
}

/** Those that indexes and materialized views need, by way of views, operators and other functions as well. */
function findFunctions(decisions: readonly Decision[]): DumpEntry[] {
  const kept = decisions.filter(({ action }) => action !== 'skip').map(({ entry }) => entry);
  const byId = new Map(kept.map((entry) => [String(entry.dumpId), entry]));
  const needed = new Set<DumpEntry>();
  const visit = (entry: DumpEntry): void => {
    if (needed.has(entry)) return;
    needed.add(entry);
    for (const id of entry.dependencies) if (byId.has(id)) visit(byId.get(id)!);
  };
  for (const entry of kept) if (computed.has(entry.description ?? '')) visit(entry);
  return kept.filter((entry) => entry.description === 'FUNCTION' && needed.has(entry));
}

/** Those in C and the like look nothing up, and only a superuser changes them. */
function hasNoSearchPath({ definition, dropStatement }: DumpEntry): boolean {
  const [head] = (definition ?? '').split(/\n {4}(?:AS |BEGIN ATOMIC|RETURN )/);
  const language = /\n {4}LANGUAGE (\w+)/.exec(head!)?.[1];
  return (
    identityPattern.test(dropStatement ?? '') && !/\n {4}SET search_path TO /.test(head!) && !ofServer.has(language ?? 'c')
  );
}

const ofServer = new Set(['c', 'internal']);

const identityPattern = /^DROP FUNCTION (.*);\n$/s;

/** Quoted, with its schema and its arguments, as pg_dump writes it where the function is dropped. */
function identityOf({ dropStatement }: DumpEntry): string {
  return identityPattern.exec(dropStatement!)![1]!;
}
