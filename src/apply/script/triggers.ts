import { jsonLiteral } from '../../domain/json-literal.ts';
import type { TableName } from '../../domain/restore-scope.ts';
import { doBlock } from '../../domain/tolerant.ts';

/** A setting of the session, which knows from `silence` to `wake` how the triggers were. */
const memory = `'supabase_backup_agent.triggers'`;

/**
 * Rows are loaded as a replica loads them, for which triggers sleep, but for those that are enabled ALWAYS or REPLICA. On tables that
 * were there before, these are put to sleep with `silence`, and with `wake` they are what they were. Both in one transaction, or
 * else a failure in between would leave them asleep.
 */
export function silenceTriggers(tables: readonly TableName[]): { readonly silence: string[]; readonly wake: string[] } {
  if (tables.length === 0) return { silence: [], wake: [] };
  return {
    silence: [remember(tables), forEach("pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.relation, t.trigger)")],
    wake: [forEach("pg_catalog.format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.relation, t.mode, t.trigger)")],
  };
}

function remember(tables: readonly TableName[]): string {
  return `SELECT pg_catalog.set_config(${memory}, coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
         'relation', pg_catalog.format('%I.%I', n.nspname, c.relname), 'trigger', t.tgname,
         'mode', CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END)), '[]')::text, false)
  FROM pg_catalog.jsonb_to_recordset(${jsonLiteral(tables)}) AS w(schema name, name name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('A', 'R')
 WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');`;
}

function forEach(statement: string): string {
  const body = `DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM pg_catalog.jsonb_to_recordset(pg_catalog.current_setting(${memory})::jsonb) AS r(relation text, trigger name, mode text) LOOP
    EXECUTE ${statement};
  END LOOP;
END`;
  return `${doBlock(body)};`;
}
