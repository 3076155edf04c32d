import { parseConnectionUrl } from './connection-url.ts';
import { parseProjectUrl } from './project-url.ts';
import type { Source, Sources } from './sources.ts';
import { variableList, type VariableName } from './variables.ts';

/** A line of `agent config show`. */
export interface ConfigRow {
  readonly name: VariableName;
  /** `***` for a secret; of a connection string only the password is hidden. */
  readonly value: string;
  /** BORG_PASSPHRASE_FILE, for example, when the value stands in the file that this variable names. */
  readonly source: Source | 'default' | 'asked';
}

/** Where the variables that are set, or have a default, come from. Holds no secret. */
export function describeConfig(
  sources: Sources,
  values: ReadonlyMap<VariableName, string>,
  others: { readonly defaults: Partial<Record<VariableName, string>>; readonly asked: boolean },
): ConfigRow[] {
  return variableList.flatMap(({ name, secret, defaultValue }): ConfigRow[] => {
    const found = sources.get(name);
    if (found === undefined) {
      if (others.asked && name === 'SUPABASE_DB_PASSWORD') return [{ name, value: '***', source: 'asked' }];
      const value = others.defaults[name] ?? defaultValue;
      return value === undefined ? [] : [{ name, value, source: 'default' }];
    }
    const value = values.get(name) ?? found.value ?? '***';
    return [{ name, value: secret === true ? mask(name, value) : maskCredentials(name, value), source: found.source }];
  });
}

/** A connection string that was taken for the URL of a project has a password in it; what is refused later is shown nevertheless. */
function maskCredentials(name: VariableName, value: string): string {
  return name.endsWith('SUPABASE_URL') && 'problem' in parseProjectUrl(value) ? '***' : value;
}

function mask(name: VariableName, value: string): string {
  if (!name.endsWith('_URL')) return '***';
  const url = parseConnectionUrl(value);
  if ('problem' in url) return '***';
  const password = url.password === undefined ? '' : ':***';
  const host = url.host.includes(':') ? `[${url.host}]` : encodeURIComponent(url.host);
  const sslMode = url.sslMode === undefined ? '' : `?sslmode=${url.sslMode}`;
  return `postgresql://${encodeURIComponent(url.user)}${password}@${host}:${url.port}/${encodeURIComponent(url.database)}${sslMode}`;
}
