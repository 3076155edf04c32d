import { quoteLiteral } from './sql.ts';

/** A value as a JSON literal inside of SQL. PostgreSQL's JSON holds no NUL, and neither does anything that comes from it. */
export function jsonLiteral(value: unknown): string {
  return `${quoteLiteral(JSON.stringify(value))}::pg_catalog.jsonb`;
}
