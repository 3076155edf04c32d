import { publicationSchema } from '../domain/catalog.ts';
import type { Coverage } from '../domain/coverage.ts';
import { captured, count } from './coverage-texts.ts';
import type { Source } from './source.ts';

type CatalogSource = Pick<Source, 'catalog' | 'schemas' | 'relations'>;

/** What the captured catalog holds that a dump does not, or not in full. */
export function describeCatalog(source: CatalogSource): Coverage[] {
  const classes = Map.groupBy(source.catalog, (record) => record.class);
  const number = (className: string): number => classes.get(className)?.length ?? 0;
  const plain = (component: string, className: string): Coverage =>
    captured(component, count(number(className), className), number(className));
  const defaults = number('default privileges');
  return [
    captured(
      'privileges',
      `of ${count(number('privileges'), 'object')}, ${count(defaults, 'default')}`,
      number('privileges') + defaults,
    ),
    captured('settings', `${count(number('setting'), 'setting')} of roles and the database`, number('setting')),
    plain('publications', 'publication'),
    describeRealtime(source),
    plain('event triggers', 'event trigger'),
    describeOptional({ component: 'cron jobs', schema: 'cron', table: 'job' }, source, () => plain('cron jobs', 'cron job')),
    describeOptional({ component: 'webhooks', schema: 'supabase_functions' }, source, () => plain('webhooks', 'webhook')),
    describeOptional({ component: 'vault secret names', schema: 'vault', table: 'secrets' }, source, () =>
      captured('vault secret names', count(number('vault secret'), 'name'), number('vault secret')),
    ),
  ];
}

/** The tables whose changes Supabase Realtime sends to clients. */
function describeRealtime({ catalog }: CatalogSource): Coverage {
  const component = 'realtime publication members';
  const record = catalog.find((entry) => entry.class === 'publication' && entry.name === 'supabase_realtime');
  if (record === undefined) {
    return { component, state: 'not configured', detail: 'there is no publication supabase_realtime' };
  }
  const { allTables, tables, schemas } = publicationSchema.parse(record.value);
  if (allTables) return captured(component, 'all tables');
  const members = [
    ...(tables.length > 0 || schemas.length === 0 ? [count(tables.length, 'table')] : []),
    ...(schemas.length > 0 ? [count(schemas.length, 'schema')] : []),
  ];
  return captured(component, members.join(' and '), tables.length + schemas.length);
}

interface OptionalComponent {
  readonly component: string;
  /** Without it the project does not have the component. */
  readonly schema: string;
  /** Where its rows stand, if it is made of rows. */
  readonly table?: string;
}

/** A component that a project may have or not; what may not be read must not look as if it were empty. */
function describeOptional(
  { component, schema, table }: OptionalComponent,
  { schemas, relations }: CatalogSource,
  describe: () => Coverage,
): Coverage {
  if (!schemas.has(schema)) return { component, state: 'not configured', detail: `there is no schema ${schema}` };
  const unreadable = relations.unreadable.find(
    (entry) => table !== undefined && entry.schema === schema && (entry.name === undefined || entry.name === table),
  );
  const found = describe();
  if (unreadable === undefined || found.state !== 'empty') return found;
  return { component, state: 'not readable', detail: unreadable.reason };
}
