import type { Problems } from './problems.ts';
import { Secret, type ConnectionConfig, type StorageConnection } from './project-config.ts';
import { formatProjectUrl, isLoopback, projectRefOfUrl } from './project-url.ts';
import { storageSchema, validate, type StorageSettings } from './schema.ts';
import { findExpiry, findKeyProblem } from './storage-key.ts';

interface StorageOptions {
  readonly problems: Problems;
  /** Of the variables' names, for messages: TEST_ */
  readonly prefix: string;
  readonly now: Date;
  /** As far as it could be made: a hosted one tells which project it is of. */
  readonly database: ConnectionConfig | undefined;
}

export interface FoundStorage {
  /** Undefined when there is no key. */
  readonly storage: StorageConnection | undefined;
  readonly warnings: readonly string[];
}

/**
 * Makes the connection to the Storage API of its variables, whose names are given without prefix; what is missing or wrong is added
 * to `problems`.
 */
export function findStorage(values: ReadonlyMap<string, string>, options: StorageOptions): FoundStorage {
  const { problems, prefix, now } = options;
  const settings = validate(storageSchema, values, problems);
  const given = settings === undefined ? undefined : chooseKey(settings, options);
  if (given === undefined) return { storage: undefined, warnings: warnOfUnusedUrl(settings, prefix) };
  const projectRef = findProjectRef(values, options);
  const url = settings?.SUPABASE_URL ?? urlOfProject(projectRef);
  if (url === undefined) {
    // With a reference that is wrong it would be known.
    if (!problems.has('SUPABASE_PROJECT_REF')) {
      problems.add('SUPABASE_URL', `is missing, and Storage needs it: set it, or ${prefix}SUPABASE_PROJECT_REF`);
    }
    return { storage: undefined, warnings: [] };
  }
  const urlRef = projectRefOfUrl(url) ?? projectRef;
  if (projectRef !== undefined && urlRef !== projectRef) {
    const whose = options.database === undefined ? `${prefix}SUPABASE_PROJECT_REF names` : 'the database belongs to';
    problems.add('SUPABASE_URL', `is not that of the project ${projectRef}, which ${whose}`);
  }
  const keyProblem = findKeyProblem(given.key, urlRef);
  if (keyProblem !== undefined) problems.add(given.name, keyProblem);
  const expiry = findExpiry(given.key, now);
  const warnings = [...(expiry === undefined ? [] : [`${prefix}${given.name} ${expiry}`]), ...warnOfPlainHttp(url, prefix)];
  return { storage: { url: formatProjectUrl(url), key: new Secret(given.key) }, warnings };
}

function chooseKey(
  { SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey, SUPABASE_SECRET_KEY: secretKey }: StorageSettings,
  { problems, prefix }: StorageOptions,
): { readonly name: keyof StorageSettings; readonly key: string } | undefined {
  if (serviceRoleKey !== undefined && secretKey !== undefined && serviceRoleKey !== secretKey) {
    problems.add('SUPABASE_SECRET_KEY', `is another key than ${prefix}SUPABASE_SERVICE_ROLE_KEY: keep one of them`);
  }
  if (serviceRoleKey !== undefined) return { name: 'SUPABASE_SERVICE_ROLE_KEY', key: serviceRoleKey };
  return secretKey === undefined ? undefined : { name: 'SUPABASE_SECRET_KEY', key: secretKey };
}

/** Of the project that the database belongs to, if that can be told. */
function findProjectRef(values: ReadonlyMap<string, string>, { problems, database }: StorageOptions): string | undefined {
  const ofDatabase = database === undefined ? undefined : projectRefOfDatabase(database);
  if (ofDatabase !== undefined || problems.has('SUPABASE_PROJECT_REF')) return ofDatabase;
  return values.get('SUPABASE_PROJECT_REF');
}

function urlOfProject(projectRef: string | undefined): URL | undefined {
  return projectRef === undefined ? undefined : new URL(`https://${projectRef}.supabase.co`);
}

/** The reference that stands in the host of a direct connection, or in the user of the pooler. */
function projectRefOfDatabase({ host, user }: ConnectionConfig): string | undefined {
  const ofHost = /^db\.([a-z]{20})\.supabase\.co$/.exec(host)?.[1];
  if (ofHost !== undefined) return ofHost;
  return host.endsWith('.pooler.supabase.com') ? /\.([a-z]{20})$/.exec(user)?.[1] : undefined;
}

function warnOfUnusedUrl(settings: StorageSettings | undefined, prefix: string): string[] {
  if (settings?.SUPABASE_URL === undefined) return [];
  return [`${prefix}SUPABASE_URL is not used, because there is no ${prefix}SUPABASE_SERVICE_ROLE_KEY`];
}

function warnOfPlainHttp(url: URL, prefix: string): string[] {
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];
  return [`${prefix}SUPABASE_URL begins with http://: the key and all objects cross the network as they are`];
}
