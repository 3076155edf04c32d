import type { Databases } from '../../context.ts';
import { clientEnvironment } from './password-file.ts';
import { findPrograms, type ProgramSearch } from './programs.ts';
import { startScratchServer, type ScratchHost } from './scratch-server.ts';
import { connect } from './session.ts';
import { openSnapshot } from './snapshot.ts';

/** Real PostgreSQL: node-postgres for questions, its own client programs for dumps. */
export function createDatabases(
  search: ProgramSearch & Pick<ScratchHost, 'temporaryDirectory'>,
  signal: AbortSignal,
): Databases {
  return {
    connect: (connection) => connect(connection, signal),
    openSnapshot: (connection) => openSnapshot(connection, signal),
    findPrograms: (minimumMajor) => findPrograms(search, minimumMajor),
    clientEnvironment,
    startScratchServer: (programs, directory) => startScratchServer({ ...search, signal }, programs, directory),
  };
}
