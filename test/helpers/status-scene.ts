import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord, StateStore } from '../../src/state-store.ts';
import { openStateStore } from '../../src/tools/state/store.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const hourMs = 3_600_000;

/** A directory of projects, and what this machine remembers of them. */
export interface StatusScene {
  /** For --projects-directory. */
  readonly directory: string;
  readonly stateDirectory: string;
  /** Writes an env file in which no secret can be read. */
  addProject(name: string, variables?: Readonly<Record<string, string>>): Promise<void>;
  /** Writes into the state of a project. */
  remember(name: string, write: (state: StateStore) => void): void;
}

export async function createStatusScene(): Promise<StatusScene> {
  const parent = await createTemporaryDirectory();
  const directory = join(parent, 'projects');
  const stateDirectory = join(parent, 'state');
  await mkdir(directory);
  return {
    directory,
    stateDirectory,
    async addProject(name, variables = {}) {
      const all = {
        PROJECT_NAME: name,
        SUPABASE_PROJECT_REF: 'abcdefghijklmnopqrst',
        SUPABASE_DB_PASSWORD_COMMAND: 'exit 1',
        BORG_REPO: '/nonexistent',
        BORG_PASSPHRASE_FILE: '/nonexistent',
        STATE_DIR: stateDirectory,
        ...variables,
      };
      const lines = Object.entries(all).map(([variable, value]) => `${variable}='${value}'\n`);
      await writeFile(join(directory, `${name}.env`), lines.join(''), { mode: 0o600 });
    },
    remember(name, write) {
      const state = openStateStore(join(stateDirectory, name));
      write(state);
      state.close();
    },
  };
}

/** A run in the history that began so many hours before `now`; one that is `running` has not told its end. */
export function rememberRun(
  state: StateStore,
  now: Date,
  run: {
    readonly hoursAgo: number;
    readonly status: RunRecord['status'];
    readonly command?: RunRecord['command'];
    readonly message?: string;
  },
): void {
  const { hoursAgo, status, command = 'backup', message } = run;
  const runId = `${command} ${hoursAgo} hours ago`;
  const startedAt = new Date(now.getTime() - hoursAgo * hourMs);
  state.startRun({ runId, command, startedAt, backupId: command === 'backup' ? `shop-${hoursAgo}` : undefined });
  if (status === 'running') return;
  const errorCode = message === undefined ? undefined : 'failed';
  state.finishRun(runId, { status, durationMs: 1000, errorCode, errorMessage: message });
}

/** What the last run has measured of its archive of the database. */
export function rememberSizes(state: StateStore, readBytes: number, deduplicatedBytes: number): void {
  state.noteMeasurements(JSON.stringify({ stagesMs: {}, archives: { database: { readBytes, deduplicatedBytes } } }));
}
