import { createHash } from 'node:crypto';
import type { Session } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { decode, inUserSchema, joinExtension } from './scope.ts';
import { enabledWords } from './table-parts.ts';

interface TriggerRow {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly definition: string;
  readonly enabled: string;
  readonly clone: boolean;
  readonly extension: string | null;
  /** Of webhooks only: the function, what fires it, and the arguments in hexadecimal, each with a zero byte behind it. */
  readonly function: string | null;
  readonly events: string[] | null;
  readonly arguments: string | null;
}

/**
 * classes trigger and webhook. A webhook is a trigger whose function lies in `supabase_functions`: Supabase's dashboard makes
 * them, with API keys in the headers among the arguments. Those never leave this function.
 */
export async function readTriggers(session: Pick<Session, 'query'>): Promise<CatalogRecord[]> {
  const rows = await session.query<TriggerRow>(triggersQuery);
  return rows.flatMap((row) => (row.function === null ? [plainTrigger(row)] : webhookRecords(row, row.function)));
}

const webhook = `w.nspname = 'supabase_functions'`;
const events = ['insert', 'delete', 'update', 'truncate']
  .map((event, index) => `CASE WHEN t.tgtype::integer & ${4 << index} <> 0 THEN '${event}' END`)
  .join(', ');

const triggersQuery = `
  SELECT i.identity AS name, n.nspname AS schema, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS table,
         ${decode('t.tgenabled', enabledWords)} AS enabled, t.tgparentid <> 0 AS clone, x.extname AS extension,
         CASE WHEN ${webhook} THEN pg_catalog.quote_ident(w.nspname) || '.' || pg_catalog.quote_ident(p.proname) END AS function,
         CASE WHEN ${webhook} THEN pg_catalog.array_remove(ARRAY[${events}], NULL) END AS events,
         CASE WHEN ${webhook} THEN pg_catalog.encode(t.tgargs, 'hex') END AS arguments
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    JOIN pg_catalog.pg_namespace w ON w.oid = p.pronamespace
    ${joinExtension('pg_class', 'c.oid')}
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(t.tableoid, t.oid, 0) i
   WHERE NOT t.tgisinternal AND i.identity IS NOT NULL AND ${inUserSchema}`;

function plainTrigger(row: TriggerRow): CatalogRecord {
  return { class: 'trigger', name: row.name, schema: row.schema, value: { definition: row.definition, ...stateOf(row) } };
}

function webhookRecords(row: TriggerRow, functionName: string): CatalogRecord[] {
  const texts = splitArguments(row.arguments ?? '');
  const fires = { events: row.events ?? [], enabled: row.enabled };
  const value = {
    // Up to where the function is called; if the words come earlier, in a name, only less of it.
    definition: row.definition.split(' EXECUTE FUNCTION ')[0]!,
    function: functionName,
    events: fires.events,
    method: texts.find((text) => /^[A-Z]{3,7}$/.test(text)) ?? null,
    url: texts.map(publicUrl).find((url) => url !== undefined) ?? null,
    arguments: texts.map((text) => createHash('md5').update(text).digest('hex')),
    ...stateOf(row),
  };
  return [
    { class: 'trigger', name: row.name, schema: row.schema, value },
    { class: 'webhook', name: row.name, schema: row.schema, value: { table: row.table, ...fires } },
  ];
}

function stateOf(row: TriggerRow) {
  return {
    enabled: row.enabled,
    ...(row.clone ? { clone: true } : {}),
    ...(row.extension === null ? {} : { extension: row.extension }),
  };
}

function splitArguments(hexadecimal: string): string[] {
  return Buffer.from(hexadecimal, 'hex').toString('utf8').split('\0').slice(0, -1);
}

/** A web address without what may be secret in it: query, fragment, user and password. */
function publicUrl(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
}
