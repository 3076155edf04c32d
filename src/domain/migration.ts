import { isManagedSchema } from './platform.ts';

/** One row of supabase_migrations.schema_migrations, as the Supabase CLI writes it. */
export interface Migration {
  readonly version: string;
  /** Null in rows that an old CLI has written, or `supabase migration repair`. */
  readonly statements: readonly string[] | null;
}

/** Whether a migration begins or ends transactions itself, so that no other may be put around it. */
export function ownsTransactions(statements: readonly string[]): boolean {
  return statements.some((statement) => /^(begin|start\s+transaction|commit|end|rollback)\b/i.test(withoutComments(statement)));
}

/**
 * active_sql_transaction: CREATE INDEX CONCURRENTLY and its like; unsafe_new_enum_value_usage.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function needsNoTransaction(sqlState: string): boolean {
  return sqlState === '25001' || sqlState === '55P04';
}

const insufficientPrivilege = '42501';
const duplicateSchema = '42P06';
/** Of an object (a role, policy, trigger), relation, function, column. */
const duplicates = new Set(['42710', '42P07', '42723', '42701']);

/**
 * Whether a replay goes on after a statement that failed. It does where the scratch server has in place beforehand what the
 * statement makes (roles, extensions, what users add to the platform's schemas), and where only a superuser may do it: what is
 * then missing is missing from the live schema's copy, too, which the same role has loaded.
 */
export function isDispensable(statement: string, sqlState: string): boolean {
  if (sqlState === insufficientPrivilege || sqlState === duplicateSchema) return true;
  const text = withoutComments(statement);
  if (/^((create|alter|drop)\s+|comment\s+on\s+)extension\b/i.test(text)) return true;
  if (!duplicates.has(sqlState)) return false;
  return /^create\s+(role|user|group|publication)\b/i.test(text) || namesManagedSchema(text);
}

function namesManagedSchema(text: string): boolean {
  return [...text.matchAll(/\b(\w+)"?\s*\./g)].some(([, name]) => isManagedSchema(name!.toLowerCase()));
}

function withoutComments(statement: string): string {
  return statement.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/, '');
}
