import { describeCoverage } from '../capture/components.ts';
import type { CountedTables } from '../capture/row-counts.ts';
import type { Source } from '../capture/source.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { hiddenOptions } from '../domain/coverage.ts';
import type { CatalogChanges, Manifest, Part, SafetyBackupOf } from '../domain/manifest.ts';
import type { DriftOutcome } from './migration-drift.ts';
import { describeRun } from './run-facts.ts';
import type { RunFrame } from './run.ts';

export interface ManifestFacts {
  readonly backupId: string;
  readonly source: Source;
  readonly chunkerParams: string;
  readonly tools: Manifest['tools'];
  readonly parts: readonly Part[];
  readonly counted: CountedTables;
  readonly changes: CatalogChanges | undefined;
  readonly drift: DriftOutcome;
  /** Beside those that follow from the coverage. */
  readonly warnings: readonly string[];
  readonly runKinds: readonly ArchiveKind[];
  readonly safetyBackupOf?: SafetyBackupOf;
}

export function buildManifest(context: RunContext, frame: RunFrame, facts: ManifestFacts): Manifest {
  const { source, counted, changes, drift } = facts;
  const elsewhere = facts.runKinds.includes('storage');
  const coverage = [...describeCoverage(source, counted.tables, elsewhere), drift.coverage];
  return {
    kind: 'database',
    ...describeRun(context, frame, { ...facts, coverage }),
    tools: facts.tools,
    server: source.server,
    chunkerParams: facts.chunkerParams,
    extensions: [...source.extensions],
    roles: [...source.roles],
    tables: [...counted.tables],
    largeObjects: { count: source.largeObjects.unreadable > 0 ? 0 : source.largeObjects.count },
    parts: [...facts.parts],
    warnings: [
      ...coverage.filter(isWarning).map(({ component, state, detail }) => `${component}: ${state} (${detail})`),
      ...counted.warnings,
      ...facts.warnings,
    ],
    ...(changes === undefined ? {} : { changes }),
    ...(drift.manifest === undefined ? {} : { migrationDrift: drift.manifest }),
    ...(facts.safetyBackupOf === undefined ? {} : { safetyBackupOf: facts.safetyBackupOf }),
  };
}

function isWarning({ component, state }: Manifest['coverage'][number]): boolean {
  return (
    state === 'not readable' ||
    (component === 'storage objects' && state === 'not configured') ||
    (component === hiddenOptions && state === 'not supported')
  );
}
