import { readCatalog } from '../catalog/read-catalog.ts';
import type { Snapshot } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import type { Extension, Manifest, Role } from '../domain/manifest.ts';
import { captureLargeObjects, type LargeObjects } from './large-objects.ts';
import { findHiddenMappings } from './hidden-mappings.ts';
import { captureRelations, type Relations } from './relations.ts';
import { captureRoles } from './roles.ts';
import { captureExtensions, captureSchemaNames, captureServer } from './server.ts';

/** What is known of a source before anything of it is dumped, all of it from the snapshot. */
export interface Source {
  readonly server: Manifest['server'];
  readonly extensions: readonly Extension[];
  readonly roles: readonly Role[];
  readonly schemas: ReadonlySet<string>;
  readonly relations: Relations;
  readonly largeObjects: LargeObjects;
  readonly catalog: readonly CatalogRecord[];
  /** User mappings whose options, which are mostly passwords, this role may not read. */
  readonly hiddenMappings: readonly string[];
}

export async function inspectSource(snapshot: Snapshot): Promise<Source> {
  return {
    server: await captureServer(snapshot),
    extensions: await captureExtensions(snapshot),
    roles: await captureRoles(snapshot),
    schemas: await captureSchemaNames(snapshot),
    relations: await captureRelations(snapshot),
    largeObjects: await captureLargeObjects(snapshot),
    catalog: await readCatalog(snapshot),
    hiddenMappings: await findHiddenMappings(snapshot),
  };
}
