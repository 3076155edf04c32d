/** SQL text from names. Nothing but names and literals is ever pasted into a statement. */

/** Role settings whose value is a list of names that PostgreSQL keeps quoted already (GUC_LIST_QUOTE in its sources). */
const quotedListSettings = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
  'unix_socket_directories',
]);

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name that the catalog, or pg_dump, has quoted where SQL wants it so. */
export function unquoteIdentifier(identity: string): string {
  return identity.startsWith('"') ? identity.slice(1, -1).replaceAll('""', '"') : identity;
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

export function qualifyName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Counts the rows of one table, in a column `rows` as text. ONLY: the rows of a child are the child's, as in a dump. */
export function countRowsQuery(table: { readonly schema: string; readonly name: string }): string {
  return `SELECT pg_catalog.count(*)::text AS rows FROM ONLY ${qualifyName(table)}`;
}

/** Sends the rows that `countRowsQuery` counts; a session answers how many those were, in a column `rows` as text. */
export function copyRowsStatement(table: { readonly schema: string; readonly name: string }): string {
  return `COPY ${qualifyName(table)} TO STDOUT`;
}

/** The `TO` part of `ALTER ROLE ... SET name TO ...`, from what the catalog keeps as `name=value`. */
export function settingAssignment(setting: string): string {
  const separator = setting.indexOf('=');
  const name = setting.slice(0, separator);
  const value = setting.slice(separator + 1);
  const parameter = name.split('.').map(quoteIdentifier).join('.');
  return `${parameter} TO ${quotedListSettings.has(name.toLowerCase()) ? listOfLiterals(value) : quoteLiteral(value)}`;
}

/** `"$user", public` as the literals `'$user', 'public'`; the name `""`, which a list may hold, is the empty one. */
function listOfLiterals(value: string): string {
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,]+)/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[2]!);
  return names.length === 0 ? "''" : names.map(quoteLiteral).join(', ');
}

/** What programs take for a database where they want a connection string: a name with odd characters has to be quoted there. */
export function connectionString(database: string): string {
  return `dbname='${database.replaceAll(/[\\']/g, '\\$&')}'`;
}
