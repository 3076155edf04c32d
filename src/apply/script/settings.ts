import type { z } from 'zod';
import type { settingSchema } from '../../domain/catalog.ts';
import { quoteIdentifier, settingAssignment } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';

export type Setting = z.infer<typeof settingSchema>;

/** ALTER DATABASE ... SET and ALTER ROLE ... [IN DATABASE ...] SET, for the database that is restored into. */
export function applySettings(settings: readonly Setting[], database: string): string[] {
  return settings.map((setting) =>
    tolerateFailure(describeSetting(setting), alterStatement(setting, quoteIdentifier(database))),
  );
}

/** "setting statement_timeout of role anon"; never its value, which can be a secret (app.settings.jwt_secret). */
export function describeSetting({ role, inDatabase, setting }: Setting): string {
  const name = setting.slice(0, setting.indexOf('='));
  if (role === null) return `setting ${name} of the database`;
  return `setting ${name} of role ${role}${inDatabase ? ' in the database' : ''}`;
}

function alterStatement({ role, inDatabase, setting }: Setting, database: string): string {
  const assignment = `SET ${settingAssignment(setting)}`;
  if (role === null) return `ALTER DATABASE ${database} ${assignment}`;
  return `ALTER ROLE ${quoteIdentifier(role)} ${inDatabase ? `IN DATABASE ${database} ` : ''}${assignment}`;
}
