import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArchiveName } from '../../domain/archive-name.ts';
import { openStateStore } from './store.ts';

/** As far back as it is worth looking. */
const runsLimit = 1000;

/**
 * When the newest run of a project began that was not cut short (killed, interrupted), of those that are still in its history;
 * `storage` means the newest backup that holds objects. Undefined when there is none, or no history. Makes nothing.
 * @param directory of the project's state
 */
export function readLastRun(directory: string, what: 'backup' | 'storage' | 'verify' | 'drill'): Date | undefined {
  if (!existsSync(join(directory, 'state.db'))) return undefined;
  const state = openStateStore(directory);
  try {
    if (what === 'storage') {
      const times = state
        .indexedArchives()
        .filter(({ kind }) => kind === 'storage')
        .flatMap(({ name }) => parseArchiveName(name)?.startedAt ?? []);
      return times.toSorted((a, b) => b.getTime() - a.getTime())[0];
    }
    // Of a run that never told its end, only the one that holds the lock still goes on.
    const isGoingOn = state.isLocked();
    return state
      .listRuns(runsLimit)
      .filter(({ command }) => command === what)
      .find(({ status, errorCode }) => (status === 'running' ? isGoingOn : errorCode !== 'interrupted'))?.startedAt;
  } finally {
    state.close();
  }
}
