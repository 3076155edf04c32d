import { captureLargeObjects } from '../../capture/large-objects.ts';
import { captureRelations, type Unreadable } from '../../capture/relations.ts';
import type { Snapshot } from '../../context.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/sql.ts';
import { ok, warn, type Finding } from './finding.ts';

const shownObjects = 5;
const shownStatements = 50;

/** Everything that a backup by this role would have to leave out, with the statements that mend it. */
export async function checkPrivileges(snapshot: Snapshot, major: number): Promise<readonly Finding[]> {
  const [row] = await snapshot.query<{ role: string }>('SELECT current_user::text AS role');
  const role = row!.role;
  const { unreadable } = await captureRelations(snapshot);
  const largeObjects = await captureLargeObjects(snapshot);
  const findings = [
    ...(unreadable.length > 0 ? [describeUnreadable(unreadable, role, major)] : []),
    ...(largeObjects.unreadable > 0 ? [describeLargeObjects(largeObjects.unreadable, role)] : []),
  ];
  return findings.length > 0 ? findings : [ok('privileges', `the role ${role} may read everything`)];
}

function describeUnreadable(unreadable: readonly Unreadable[], role: string, major: number): Finding {
  const names = unreadable.map(
    ({ kind, schema, name, reason }) => `${kind} ${name === undefined ? schema : `${schema}.${name}`} (${reason})`,
  );
  const more = names.length > shownObjects ? `, and ${names.length - shownObjects} more` : '';
  const statements = grantStatements(unreadable, role);
  // It covers tables, views and sequences with their schemas, but no row security. https://www.postgresql.org/docs/14/predefined-roles.html
  const allAtOnce =
    major >= 14 ? [`-- Or, for all tables and sequences at once: GRANT pg_read_all_data TO ${quoteVisibly(role)};`] : [];
  return warn(
    'privileges',
    `the role ${role} may not read, so backups will be incomplete: ${names.slice(0, shownObjects).join(', ')}${more}`,
    [
      '-- As a superuser or the owner, in this database:',
      ...statements.slice(0, shownStatements),
      ...(statements.length > shownStatements ? [`-- and ${statements.length - shownStatements} more`] : []),
      ...allAtOnce,
    ].join('\n'),
  );
}

/** The statements that let `role` read what it could not, each once. */
export function grantStatements(unreadable: readonly Unreadable[], role: string): string[] {
  return [...new Set(unreadable.flatMap((entry) => grantsOf(entry, quoteVisibly(role))))];
}

function grantsOf({ kind, schema, name, reason }: Unreadable, role: string): string[] {
  const inSchema = quoteVisibly(schema);
  if (name === undefined) {
    return [
      `GRANT USAGE ON SCHEMA ${inSchema} TO ${role};`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${inSchema} TO ${role};`,
      `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${inSchema} TO ${role};`,
    ];
  }
  if (reason.startsWith('row security')) return [`ALTER ROLE ${role} BYPASSRLS;`];
  return [`GRANT SELECT ON ${kind === 'sequence' ? 'SEQUENCE' : 'TABLE'} ${inSchema}.${quoteVisibly(name)} TO ${role};`];
}

/** An identifier without characters that a terminal would swallow or obey, so that the statement can be copied. */
function quoteVisibly(name: string): string {
  if (!/[\p{Cc}\p{Cf}]/u.test(name)) return quoteIdentifier(name);
  const text = name.replaceAll(/[\p{Cc}\p{Cf}\\]/gu, (character) => {
    return `\\+${character.codePointAt(0)!.toString(16).padStart(6, '0')}`;
  });
  return `U&${quoteIdentifier(text)}`;
}

/** pg_read_all_data does not reach large objects, and nothing grants them all but a loop. */
function describeLargeObjects(unreadable: number, role: string): Finding {
  return warn(
    'large objects',
    `the role ${role} may not read ${unreadable} of them, so backups will have none of them and be incomplete`,
    [
      '-- As a superuser or the owner, in this database:',
      'DO $grant$ DECLARE object oid; BEGIN',
      '  FOR object IN SELECT oid FROM pg_largeobject_metadata LOOP',
      `    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO %I', object, ${quoteLiteral(role)});`,
      '  END LOOP;',
      'END $grant$;',
    ].join('\n'),
  );
}
