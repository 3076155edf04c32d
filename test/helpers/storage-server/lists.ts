import { invalidParameter, invalidRequest } from './errors.ts';
import { readJson, type Exchange } from './exchange.ts';
import { objectColumns, type ObjectMetadata, type ObjectRow } from './rows.ts';
import { sendJson } from './send.ts';

const pageLimit = 1000;

/** An object, or a folder, which has neither id nor dates. */
interface Entry {
  /** The last part of the name, with a delimiter only. */
  readonly key?: string;
  readonly id: string | null;
  readonly name: string;
  readonly metadata: ObjectMetadata | null;
  readonly updated_at: Date | null;
  readonly created_at: Date | null;
  readonly last_accessed_at: Date | null;
}

/** POST /object/list-v2/BUCKET: names in their byte order, below a prefix, a page at a time. A missing bucket has none. */
export async function listObjects(exchange: Exchange, bucket: string): Promise<void> {
  const body = await readJson(exchange.request);
  if (body === undefined) throw invalidRequest('body must be object');
  const { prefix = '', limit = pageLimit, with_delimiter: delimited = false, cursor, sortBy } = body;
  if (typeof limit !== 'number' || limit < 1) throw invalidRequest('body/limit must be >= 1');
  const sort = readSort(sortBy as SortBy | undefined, typeof cursor === 'string' ? decodeCursor(cursor) : undefined);
  const size = Math.min(limit, pageLimit);
  const rows = await findPage(
    exchange,
    { bucket, prefix: String(prefix), size: size + 1, delimited: delimited === true },
    sort,
  );
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const hasNext = rows.length > size;
  const next = hasNext && last !== undefined ? { nextCursor: encodeCursor(last, sort), nextCursorKey: last.name } : {};
  const isFolder = (entry: Entry) => entry.id === null;
  const answer = { hasNext, ...next, folders: page.filter(isFolder), objects: page.filter((entry) => !isFolder(entry)) };
  await sendJson(exchange, 200, answer);
}

interface SortBy {
  readonly column?: 'name' | 'created_at' | 'updated_at';
  readonly order?: 'asc' | 'desc';
}

interface Sort extends SortBy {
  readonly after?: string;
  /** Of the sort column, in case that is not the name. */
  readonly afterValue?: string;
}

function readSort(sortBy: SortBy | undefined, cursor: Sort | undefined): Sort {
  return { ...sortBy, ...cursor };
}

function encodeCursor(last: Entry, { column, order }: Sort): string {
  const value = column === undefined || column === 'name' ? undefined : last[column];
  const parts = [`l:${last.name}`, order && `o:${order}`, column && `c:${column}`, value && `a:${value.toISOString()}`];
  return Buffer.from(parts.filter(Boolean).join('\n')).toString('base64');
}

/** Lines of the form `l:NAME`, as the service has them: a name with a line break breaks its cursor. */
function decodeCursor(cursor: string): Sort {
  const keys: Readonly<Record<string, keyof Sort>> = { l: 'after', o: 'order', c: 'column', a: 'afterValue' };
  const parts = Buffer.from(cursor, 'base64').toString().split('\n');
  return Object.fromEntries(
    parts.map((part) => {
      const [, key = '', value] = /^(\S):(.*)/.exec(part) ?? [];
      if (keys[key] === undefined) throw invalidParameter('Invalid Parameter continuation token');
      return [keys[key], value];
    }),
  );
}

interface Page {
  readonly bucket: string;
  readonly prefix: string;
  readonly size: number;
  readonly delimited: boolean;
}

async function findPage({ service, role }: Exchange, page: Page, sort: Sort): Promise<Entry[]> {
  if (role !== 'service_role') return [];
  const { bucket, prefix, size, delimited } = page;
  const column = sort.column === 'created_at' || sort.column === 'updated_at' ? sort.column : undefined;
  const [order, above] = sort.order === 'desc' ? ['DESC', '<'] : ['ASC', '>'];
  const values: unknown[] = [bucket, prefix];
  const conditions = ['bucket_id = $1', 'starts_with(name, $2)'];
  if (sort.after !== undefined) {
    values.push(sort.after);
    const isFolder = delimited && sort.after.endsWith('/');
    const named = `name COLLATE "C" ${above} $3${isFolder ? ' AND NOT starts_with(name, $3)' : ''}`;
    if (column === undefined || sort.afterValue === undefined) conditions.push(named);
    else {
      values.push(sort.afterValue);
      const truncated = `date_trunc('milliseconds', ${column})`;
      conditions.push(`(${truncated} ${above} $4::timestamptz OR (${truncated} = $4::timestamptz AND ${named}))`);
    }
  }
  const sql = `SELECT ${objectColumns(service)} FROM storage.objects WHERE ${conditions.join(' AND ')}
    ORDER BY ${column === undefined ? '' : `date_trunc('milliseconds', ${column}) ${order}, `}name COLLATE "C" ${order}`;
  if (!delimited)
    return (await service.database.query<ObjectRow>(`${sql} LIMIT ${size}`, values)).rows.map((row) => describe(row));
  const { rows } = await service.database.query<ObjectRow>(sql, values);
  return groupFolders(rows, prefix).slice(0, size);
}

function groupFolders(rows: readonly ObjectRow[], prefix: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const row of rows) {
    const end = row.name.indexOf('/', prefix.length);
    if (end < 0) entries.set(row.name, { key: row.name.slice(prefix.lastIndexOf('/') + 1), ...describe(row) });
    else {
      const name = row.name.slice(0, end + 1);
      const key = row.name.slice(prefix.lastIndexOf('/') + 1, end);
      entries.set(name, { key, name, id: null, ...noDetails });
    }
  }
  return [...entries.values()];
}

const noDetails = { updated_at: null, created_at: null, last_accessed_at: null, metadata: null };

function describe({ id, name, metadata, updated_at, created_at, last_accessed_at }: ObjectRow): Entry {
  return { id, name, metadata, updated_at, created_at, last_accessed_at };
}

/** POST /object/list/BUCKET: the names right below a folder, without it; folders have no id. */
export async function listFolder(exchange: Exchange, bucket: string): Promise<void> {
  const body = (await readJson(exchange.request)) ?? {};
  const { prefix, limit = 100, offset = 0 } = body;
  if (typeof prefix !== 'string') throw invalidRequest("body must have required property 'prefix'");
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const entries = await findPage(exchange, { bucket, prefix: folder, size: Infinity, delimited: true }, {});
  const page = entries.slice(Number(offset), Number(offset) + Math.min(Number(limit), 1500));
  const relative = page.map(({ key: _key, name, ...entry }) => ({
    name: name.slice(folder.length).replace(/\/$/, ''),
    ...entry,
  }));
  await sendJson(exchange, 200, relative);
}
