import { sections, type DumpEntry } from '../../src/domain/dump-head.ts';
import { isData } from '../../src/domain/selection.ts';

/** What a test says of an entry; dependencies are entries that were made before. */
export interface EntryProperties extends Partial<Omit<DumpEntry, 'description' | 'tag' | 'dependencies'>> {
  readonly needs?: readonly Pick<DumpEntry, 'dumpId'>[];
}

let lastId = 0;

/** An entry of a dump with an id of its own: `define('TABLE', 'public.notes')`, `define('SCHEMA', 'app', { schema: null })`. */
export function define(description: string, name: string, properties: EntryProperties = {}): DumpEntry {
  const { needs = [], ...given } = properties;
  const separator = name.indexOf('.');
  const places = given.schema === null || separator < 0 ? [null, name] : [name.slice(0, separator), name.slice(separator + 1)];
  const [schema, tag] = places as [string | null, string];
  lastId += 1;
  return {
    dumpId: lastId,
    hasData: false,
    catalogOid: '0',
    oid: '0',
    tag,
    description,
    section: isData({ description } as DumpEntry) ? sections.data : sections.preData,
    definition: `-- ${description} ${name}\n`,
    dropStatement: '',
    copyStatement: null,
    schema,
    tablespace: null,
    accessMethod: null,
    relationKind: 0,
    owner: 'postgres',
    withOids: 'false',
    dependencies: needs.map(({ dumpId }) => String(dumpId)),
    offset: Buffer.alloc(9),
    ...given,
  };
}

/** The rows of a table: what pg_dump writes for it, with the object id by which a manifest knows it. */
export function defineRows(table: DumpEntry, columns: readonly string[] = ['id']): DumpEntry {
  return define('TABLE DATA', `${table.schema}.${table.tag}`, {
    hasData: true,
    oid: table.oid,
    definition: '',
    copyStatement: `COPY ${table.schema}.${table.tag} (${columns.join(', ')}) FROM stdin;\n`,
    needs: [table],
    owner: table.owner,
  });
}
