import type { Session } from '../../context.ts';
import { eventTriggerSchema, ownerSchema, type CatalogRecord } from '../../domain/catalog.ts';
import { indexCatalog, recordsOf } from '../../domain/catalog-index.ts';
import { isPlatformOwner } from '../../domain/platform.ts';
import { qualifyName, quoteIdentifier, quoteLiteral, unquoteIdentifier } from '../../domain/sql.ts';
import { messageOf } from '../../errors.ts';
import { restoreOwners } from '../script/owners.ts';

export interface MadeEventTriggers {
  /** Names, not quoted. */
  readonly made: ReadonlySet<string>;
  /** "event trigger x: reason" */
  readonly failed: readonly string[];
}

type EventTrigger = ReturnType<typeof eventTriggerSchema.parse>;

const enabledWords: Readonly<Record<string, string>> = { D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };
const events = new Set(['ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite', 'login']);

/**
 * Makes the event triggers of a backup, which only a superuser may: the last thing that one does, since they fire for whoever changes
 * definitions from then on. Those of the platform are none of a backup's.
 */
export async function makeEventTriggers(admin: Session, catalog: readonly CatalogRecord[]): Promise<MadeEventTriggers> {
  const index = indexCatalog(catalog);
  const owners = new Map(recordsOf(index, 'owner', ownerSchema).map(({ name, value }) => [name, value.owner]));
  const made = new Set<string>();
  const failed: string[] = [];
  for (const { name, value } of recordsOf(index, 'event trigger', eventTriggerSchema)) {
    const owner = owners.get(`event trigger ${name}`);
    if (isPlatformOwner(owner ?? '')) continue;
    try {
      await admin.query('BEGIN');
      await makeOne(admin, unquoteIdentifier(name), value, owner);
      await admin.query('COMMIT');
      made.add(unquoteIdentifier(name));
    } catch (error) {
      await admin.query('ROLLBACK');
      failed.push(`event trigger ${unquoteIdentifier(name)}: ${messageOf((error as Error).cause ?? error)}`);
    }
  }
  return { made, failed };
}

async function makeOne(admin: Session, trigger: string, value: EventTrigger, owner: string | undefined): Promise<void> {
  if (!events.has(value.event)) throw new Error(`the event ${value.event} is not known`);
  const name = quoteIdentifier(trigger);
  const filter = value.tags.length === 0 ? '' : ` WHEN TAG IN (${value.tags.map(quoteLiteral).join(', ')})`;
  const called = await findFunction(admin, value.function);
  await admin.query(`CREATE EVENT TRIGGER ${name} ON ${value.event}${filter} EXECUTE FUNCTION ${called}()`);
  const state = enabledWords[value.enabled];
  if (state !== undefined) await admin.query(`ALTER EVENT TRIGGER ${name} ${state}`);
  if (owner === undefined) return;
  const wanted = { type: 'event trigger', identity: name, owner, schema: null };
  for (const block of restoreOwners([wanted], { superuser: true, last: false })) await admin.query(block);
}

/** What the catalog of an archive says is looked up, never run. */
async function findFunction(admin: Session, identity: string): Promise<string> {
  const [found] = await admin.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, p.proname AS name
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.oid = pg_catalog.to_regprocedure($1)`,
    [identity],
  );
  if (found === undefined) throw new Error(`its function ${identity} is not there`);
  return qualifyName(found);
}
