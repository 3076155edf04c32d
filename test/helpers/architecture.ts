import { posix } from 'node:path';

/** A source file; the path is relative to src/ and has forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  /** A path relative to src/, or the name of a package or of a module of Node. */
  readonly to: string;
  readonly inside: boolean;
  readonly typeOnly: boolean;
}

/** What one zone (a folder or a file directly in src/) may import. */
export interface Permissions {
  readonly values: readonly string[];
  /** Zones of which `import type` is allowed as well. */
  readonly types?: readonly string[];
  /** Packages and modules of Node. */
  readonly outside: readonly string[] | 'any';
}

export type ImportMap = Readonly<Record<string, Permissions>>;

/** An import statement, or one that is put off: `const { a } = await import('./a.ts');` on a line of its own. */
const importPattern =
  /^(?:(?:import|export)\s+(?<type>type\s+)?(?:[^'";]*?\s*from\s+)?'(?<specifier>[^']+)'| *const \{ [\w, ]+ \} = await import\('(?<late>[^']+)'\));$/gm;
const reExportPattern = /^\s*export\s+(?:type\s+)?[*{][^'"`;]*?\bfrom\b/gm;
const anyImportPattern = new RegExp(`${reExportPattern.source}|^\\s*import\\b|\\bimport\\s*\\(|\\brequire\\s*\\(`, 'gm');

/** Lists every import that crosses a wall of the map, every cycle, re-export, unknown zone and import that cannot be read. */
export function checkImports(sources: readonly Source[], map: ImportMap): string[] {
  const paths = new Set(sources.map((source) => source.path));
  const imports = sources.flatMap(parseImports);
  return [
    ...sources.flatMap((source) => checkZone(source, map)),
    ...sources.flatMap(checkReadable),
    ...imports.flatMap((entry) => checkImport(entry, map)),
    ...imports
      .filter(({ to, inside }) => inside && !paths.has(to))
      .map(({ from, to }) => `${from} imports ${to}, which is not there`),
    ...findCycles(imports).map((cycle) => `cycle: ${cycle.join(' -> ')}`),
  ];
}

function parseImports({ path, text }: Source): Import[] {
  return [...text.matchAll(importPattern)].map(({ groups }) => {
    const specifier = (groups!['specifier'] ?? groups!['late'])!;
    const inside = specifier.startsWith('.');
    const to = inside ? posix.join(posix.dirname(path), specifier) : specifier;
    return { from: path, to, inside, typeOnly: groups!['type'] !== undefined };
  });
}

/** Whatever begins like an import must be one that parseImports has read: nothing slips through by its form. */
function checkReadable({ path, text }: Source): string[] {
  const code = withoutComments(text);
  const unread = (code.match(anyImportPattern) ?? []).length - (code.match(importPattern) ?? []).length;
  const reExports = code.match(reExportPattern) ?? [];
  return [
    ...(unread === 0 ? [] : [`${path} has ${unread} imports of a form that cannot be read`]),
    ...reExports.map(() => `${path} re-exports from another file`),
  ];
}

/** The longest zone that holds the path: `cli/commands` before `cli`. */
function zoneOf(path: string, map: ImportMap): string | undefined {
  const zones = Object.keys(map).filter((zone) => path === zone || path.startsWith(`${zone}/`));
  return zones.toSorted((a, b) => b.length - a.length)[0];
}

function checkZone({ path }: Source, map: ImportMap): string[] {
  const name = posix.basename(path);
  return [
    ...(zoneOf(path, map) === undefined ? [`${path} lies in no zone of the import map`] : []),
    ...(name === 'index.ts' ? [`${path} is a barrel`] : []),
    ...(/(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path) ? [`${path} has a name that says nothing`] : []),
  ];
}

function checkImport({ from, to, inside, typeOnly }: Import, map: ImportMap): string[] {
  const zone = zoneOf(from, map);
  if (zone === undefined) return [];
  const { values, types = [], outside } = map[zone]!;
  if (!inside) return outside === 'any' || outside.includes(to) ? [] : [`${from} must not import ${to}`];
  const target = zoneOf(to, map);
  if (target === undefined || values.includes(target)) return [];
  if (!types.includes(target)) return [`${from} must not import ${to}`];
  return typeOnly ? [] : [`${from} may import only types of ${to}`];
}

function findCycles(imports: readonly Import[]): string[][] {
  const edges = Map.groupBy(imports, (entry) => entry.from);
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path]);
    if (start >= 0 || finished.has(path)) return;
    for (const { to, inside } of edges.get(path) ?? []) if (inside) visit(to, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** Lists uses of what belongs to the outermost layer alone; `allowed` are the files of that. */
export function checkGlobals(sources: readonly Source[], allowed: readonly string[]): string[] {
  const forbidden =
    /\bprocess\s*\??\.\s*(?:exit|env)\b|\bnode:process\b|\bconsole\s*\.|\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/g;
  const rest = sources.filter((source) => !allowed.includes(source.path));
  return rest.flatMap(({ path, text }) => (withoutComments(text).match(forbidden) ?? []).map((use) => `${path} uses ${use}`));
}

/** Lists files that are too long, and a distribution of lengths that has drifted. */
export function checkSizes(sources: readonly Source[], limits: { max: number; median: number; p90: number }): string[] {
  const sizes = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  const sorted = sizes.map(({ lines }) => lines).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0;
  return [
    ...sizes.filter(({ lines }) => lines > limits.max).map(({ path, lines }) => `${path} has ${lines} lines`),
    ...(at(0.5) < limits.median ? [] : [`the median file has ${at(0.5)} lines`]),
    ...(at(0.9) < limits.p90 ? [] : [`the file at the 90th percentile has ${at(0.9)} lines`]),
  ];
}

/** Only lines that are nothing but comment go: what stands beside code is looked at, to be on the safe side. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/\*\*|\*).*$/gm, '');
}
