import { doBlock } from '../domain/tolerant.ts';
import { relationKey, type Decision, type TargetRelation } from '../domain/selection.ts';

export interface SequenceFacts {
  /** What is on the target, and stays there. */
  readonly relations: ReadonlyMap<string, TargetRelation>;
  /** Rows that are there may have taken numbers that the backup does not know of. */
  readonly neverBack: boolean;
}

/**
 * Sets the value of a sequence that is on the target already so that a failure of the restore takes it back: `setval` outlives a
 * rollback, unless the sequence has got a new file in the same transaction. Any option of ALTER SEQUENCE makes one.
 * https://www.postgresql.org/docs/current/sql-altersequence.html
 */
export function setSequenceValue(decision: Decision, { relations, neverBack }: SequenceFacts): Decision {
  const { entry, action } = decision;
  const match = /^SELECT pg_catalog\.setval\('([^]*)', (-?\d+), (true|false)\);\n$/.exec(entry.definition ?? '');
  if (entry.description !== 'SEQUENCE SET' || action === 'skip' || match === null) return decision;
  const [, literal, value, called] = match;
  const name = literal!.replaceAll("''", "'");
  const relation = relations.get(relationKey(entry.schema ?? '', entry.tag ?? ''));
  const definition = [
    ...(relation?.owned === true ? [makeFile(literal!)] : []),
    neverBack ? setFurther({ name, literal: literal!, value: value!, called: called! }) : entry.definition,
  ];
  return { ...decision, entry: { ...entry, definition: definition.join('') } };
}

function makeFile(literal: string): string {
  const body = `BEGIN
  EXECUTE (SELECT pg_catalog.format('ALTER SEQUENCE %s INCREMENT %s', '${literal}', seqincrement)
             FROM pg_catalog.pg_sequence WHERE seqrelid = '${literal}'::pg_catalog.regclass);
END`;
  return `${doBlock(body)};\n`;
}

interface SequenceValue {
  readonly name: string;
  /** The name as it stands between single quotes. */
  readonly literal: string;
  readonly value: string;
  readonly called: string;
}

function setFurther({ name, literal, value, called }: SequenceValue): string {
  const further = `CASE WHEN o.seqincrement > 0 THEN greatest(${value}, s.last_value) ELSE least(${value}, s.last_value) END`;
  return `SELECT pg_catalog.setval('${literal}', ${further}, ${called} OR s.is_called)
  FROM ${name} s, pg_catalog.pg_sequence o WHERE o.seqrelid = '${literal}'::pg_catalog.regclass;\n`;
}
