import { resolve } from 'node:path';
import { findSecretFile, type Credentials } from './credentials.ts';
import type { EnvFile } from './env-file.ts';
import type { Layer } from './layer.ts';
import type { Problem, Problems } from './problems.ts';
import { readSecretFile, runSecretCommand, type SecretResult } from './secrets.ts';
import type { Variable } from './variable.ts';
import { variableList, variables, type VariableName } from './variables.ts';

/** Where a value stands: in the environment, the env file or a credential, or in the file or command that one of them names. */
export type Source = Layer['kind'] | `${VariableName}_FILE` | `${VariableName}_COMMAND`;

export interface Found {
  /** Undefined for what is yet to be fetched from its file, command or credential. */
  readonly value: string | undefined;
  readonly source: Source;
  /** The name it is set under: the variable's, or that with _FILE or _COMMAND. */
  readonly form: VariableName | Exclude<Source, Layer['kind']>;
  readonly layer: Layer;
}

/** Which variables are set, and where. Nothing is read or run yet. */
export type Sources = ReadonlyMap<VariableName, Found>;

/**
 * All that values come from, the strongest first. The environment counts before the file, unless a project was named: then what stands in its file has to be enough. Credentials
 * come last: an agent that serves several projects has one set of them for all.
 */
export function toLayers(
  file: EnvFile | undefined,
  environment: { readonly values: Layer['values']; readonly directory: string } | undefined,
  credentials: Credentials | undefined,
): Layer[] {
  const layers: Layer[] = [];
  if (environment !== undefined) layers.push({ kind: 'environment', ...environment });
  if (file !== undefined) layers.push({ kind: 'file', values: file.values, directory: resolve(file.path, '..') });
  if (credentials !== undefined) layers.push(credentials);
  return layers;
}

/** Finds every variable of the table in the first layer that has it, in whatever form; only one form may be set in a layer. */
export function findSources(layers: readonly Layer[]): {
  readonly sources: Sources;
  readonly ambiguous: readonly Problem[];
  readonly warnings: readonly string[];
} {
  const sources = new Map<VariableName, Found>();
  const ambiguous: Problem[] = [];
  const warnings: string[] = [];
  for (const { name } of variableList) {
    const found = layers.map((layer) => findInLayer(name, layer)).filter((forms) => forms.length > 0);
    const [[first, second] = [], [overridden] = []] = found;
    if (first === undefined) continue;
    sources.set(name, first);
    if (second !== undefined)
      ambiguous.push({ name, text: `is set twice, as ${first.form} and ${second.form}: keep one of them` });
    if (overridden !== undefined && isOther(first, overridden)) warnings.push(describeOverridden(name, first, overridden));
  }
  return { sources, ambiguous, warnings };
}

/** Whether the weaker of two says something else than the stronger, as far as that is known without fetching either. */
function isOther({ value, form, layer }: Found, overridden: Found): boolean {
  if (overridden.source !== 'credential') return value === undefined || value !== overridden.value;
  // NAME_FILE may well name the credential of that name.
  const file = findSecretFile(layer.values[form] ?? '', layer.directory, { CREDENTIALS_DIRECTORY: overridden.layer.directory });
  return !form.endsWith('_FILE') || !('path' in file) || file.path !== overridden.layer.values[overridden.form];
}

function describeOverridden(name: VariableName, { layer }: Found, overridden: Found): string {
  if (overridden.source !== 'credential') return `${name} is set in the environment too, which counts before the env file`;
  return `${name} is a credential too, but what the ${layer.kind === 'file' ? 'env file' : 'environment'} says counts before it`;
}

/** In which forms a variable is set in a layer: as itself, or as a secret's _FILE or _COMMAND. */
function findInLayer(name: VariableName, layer: Layer): Found[] {
  if (layer.kind === 'credential')
    return layer.values[name] === undefined ? [] : [{ form: name, value: undefined, source: layer.kind, layer }];
  const variable: Variable = variables[name];
  const forms: readonly Found['form'][] = variable.secret === true ? [name, `${name}_FILE`, `${name}_COMMAND`] : [name];
  return forms
    .filter((form) => layer.values[form] !== undefined && layer.values[form] !== '')
    .map((form) => ({
      form,
      value: form === name ? readValue(name, layer) : undefined,
      source: form === name ? layer.kind : (form as Source),
      layer,
    }));
}

function readValue(name: VariableName, layer: Layer): string {
  const value = layer.values[name]!;
  const variable: Variable = variables[name];
  return variable.path === true ? resolve(layer.directory, value) : value;
}

export interface FetchOptions {
  readonly names: readonly VariableName[];
  /** For commands that print secrets; secrets are taken out of it first. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly problems: Problems;
}

/** The values of the variables that are set; reads the files and credentials and runs the commands that hold them. */
export async function fetchValues(sources: Sources, options: FetchOptions): Promise<Map<VariableName, string>> {
  const values = new Map<VariableName, string>();
  for (const name of options.names) {
    const found = sources.get(name);
    if (found === undefined || options.problems.has(name)) continue;
    const result = found.value === undefined ? await fetchSecret(found, options.environment) : { value: found.value };
    if ('value' in result) values.set(name, result.value);
    else
      options.problems.add(
        name,
        `cannot be had from ${found.source === 'credential' ? 'its credential' : found.form}: ${result.problem}`,
      );
  }
  return values;
}

async function fetchSecret({ form, layer }: Found, environment: FetchOptions['environment']): Promise<SecretResult> {
  const text = layer.values[form] ?? '';
  if (layer.kind === 'credential') return readSecretFile(text);
  if (form.endsWith('_FILE')) {
    const file = findSecretFile(text, layer.directory, environment);
    return 'problem' in file ? file : readSecretFile(file.path);
  }
  return runSecretCommand({ command: text, directory: layer.directory, environment: withoutSecrets(environment) });
}

function withoutSecrets(environment: FetchOptions['environment']): Record<string, string> {
  const secrets: ReadonlySet<string> = new Set(variableList.filter(({ secret }) => secret === true).map(({ name }) => name));
  const entries = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => !secrets.has(name)));
}
