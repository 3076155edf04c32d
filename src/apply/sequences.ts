import type { Decision } from '../domain/selection.ts';

/** Rows that are there may have taken numbers that the backup does not know of: a sequence only ever goes on, up or down. */
export function neverGoBack(decision: Decision): Decision {
  const { entry } = decision;
  const match = /^SELECT pg_catalog\.setval\('([^]*)', (-?\d+), (true|false)\);\n$/.exec(entry.definition ?? '');
  if (entry.description !== 'SEQUENCE SET' || match === null) return decision;
  const [, name, value, called] = match;
  const rises = `(SELECT seqincrement > 0 FROM pg_catalog.pg_sequence WHERE seqrelid = '${name}'::pg_catalog.regclass)`;
  const further = `CASE WHEN ${rises} THEN greatest(${value}, last_value) ELSE least(${value}, last_value) END`;
  const sequence = name!.replaceAll("''", "'");
  const definition = `SELECT pg_catalog.setval('${name}', ${further}, ${called} OR is_called) FROM ${sequence};\n`;
  return { ...decision, entry: { ...entry, definition } };
}
