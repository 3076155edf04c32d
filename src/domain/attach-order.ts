import type { DumpEntry } from './dump-head.ts';

/**
 * Puts partitions that are partitioned themselves before their own partitions, where they are attached. pg_dump sorts by name, and from
 * 17 on a partition gets the identity columns of its parent while it is attached, but does not pass them on to what it has already: in
 * the order of names identities of the third level are lost. https://www.postgresql.org/docs/17/ddl-identity-columns.html
 */
export function attachParentsFirst(entries: readonly DumpEntry[]): DumpEntry[] {
  const attached = new Map(entries.filter(isAttach).map((entry) => [tableKey(entry), entry]));
  const tables = new Map(entries.filter(isTable).map((entry) => [String(entry.dumpId), tableKey(entry)]));
  const sorted = new Set<DumpEntry>();
  const add = (entry: DumpEntry): void => {
    const needed = entry.dependencies.map((id) => tables.get(id)).filter((key) => key !== undefined && key !== tableKey(entry));
    for (const parent of needed.map((key) => attached.get(key!))) if (parent !== undefined && !sorted.has(parent)) add(parent);
    sorted.add(entry);
  };
  for (const entry of attached.values()) add(entry);
  const next = sorted.values();
  return entries.map((entry) => (isAttach(entry) ? next.next().value! : entry));
}

function isAttach({ description }: DumpEntry): boolean {
  return description === 'TABLE ATTACH';
}

function isTable({ description }: DumpEntry): boolean {
  return description === 'TABLE' || description === 'FOREIGN TABLE';
}

function tableKey({ schema, tag }: DumpEntry): string {
  return JSON.stringify([schema, tag]);
}
