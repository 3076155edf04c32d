import type { Databases } from '../../context.ts';
import type { StandstillWatch } from '../standstill/watch.ts';
import { createWatchedServer, describeServer } from './ask-server.ts';
import { clientEnvironment } from './password-file.ts';
import { findPrograms, type ProgramSearch } from './programs.ts';
import { findScratchPlace, startScratchServer, type ScratchHost } from './scratch-server.ts';
import { connect } from './session.ts';
import { openSnapshot } from './snapshot.ts';

/** Real PostgreSQL: node-postgres for questions, its own client programs for dumps. */
export function createDatabases(
  search: ProgramSearch & Pick<ScratchHost, 'temporaryDirectory'>,
  signal: AbortSignal,
  watch?: StandstillWatch,
): Databases {
  return {
    connect: (connection) => connect(connection, signal, watch),
    openSnapshot: (connection) => openSnapshot(connection, signal, watch),
    findPrograms: (minimumMajor) => findPrograms(search, minimumMajor),
    clientEnvironment(connection, directory) {
      // For the rest of the command: its programs may go on when our session has ended.
      watch?.addServer(describeServer(connection), createWatchedServer(connection));
      return clientEnvironment(connection, directory);
    },
    startScratchServer: (minimumMajor, directory) => startScratchServer({ ...search, signal }, minimumMajor, directory),
    scratchPlace: (directory) => findScratchPlace(search, directory),
  };
}
