import { join } from 'node:path';
import type { StateStore } from '../../state-store.ts';
import { attempt, describeBytes, ok, warn, type Finding } from './finding.ts';
import type { DoctorTools } from './tools.ts';

/** Enough for Borg's cache and the run history of all but the largest projects. */
const wantedBytes = 1024 ** 3;

/** STATE_DIR and what is written there. Opens the state and closes it again. */
export async function examineState(tools: DoctorTools): Promise<readonly Finding[]> {
  const directory = join(tools.config.stateDirectory, tools.config.project);
  return attempt('state directory', async () => {
    const state = tools.openState();
    try {
      return [
        ...(await attempt('state directory', async () => checkDirectory(tools, directory))),
        checkLastBackup(state),
        ...checkLimits(state),
        ...(state.isLocked() ? [ok('running', 'a run of this project is going on right now')] : []),
      ];
    } finally {
      state.close();
    }
  });
}

async function checkDirectory(tools: DoctorTools, directory: string): Promise<readonly Finding[]> {
  const permissions = (await tools.files.permissions(directory))!;
  const freeBytes = await tools.files.freeBytes(directory);
  const isPrivate = (permissions & 0o077) === 0;
  const check = 'state directory';
  return [
    isPrivate
      ? ok(check, `${directory} is writable and private, with ${describeBytes(freeBytes)} free`)
      : warn(check, `${directory} can be looked into by others (mode ${permissions.toString(8)})`, `chmod 700 ${directory}`),
    ...(freeBytes < wantedBytes
      ? [
          warn(
            check,
            `only ${describeBytes(freeBytes)} are free at ${directory}; Borg keeps its cache there`,
            'Free some room, or point STATE_DIR elsewhere.',
          ),
        ]
      : []),
  ];
}

/** A restore that was killed could not put them back. */
function checkLimits(state: StateStore): Finding[] {
  return state
    .liftedLimits()
    .map(({ url, bucket }) =>
      warn(
        'storage limits',
        `the limits of bucket ${bucket} of ${url} are lifted since a restore that was interrupted`,
        'Run that restore again: the next one into this Storage puts them back, whatever it restores.',
      ),
    );
}

function checkLastBackup(state: StateStore): Finding {
  const last = state.newestRun('backup', ['complete', 'incomplete', 'failed']);
  if (last === undefined) return ok('last backup', 'none is on record on this machine');
  const at = last.startedAt.toISOString();
  if (last.status !== 'failed') return ok('last backup', `${last.backupId ?? ''} of ${at} was ${last.status}`);
  return warn(
    'last backup',
    `failed at ${at}: ${last.errorMessage ?? ''}`,
    'See `agent status`; mend what it says and run `agent backup`.',
  );
}

/** Without the key a repository whose own copy of it is damaged can never be read again. */
export async function checkKey(tools: DoctorTools): Promise<readonly Finding[]> {
  const check = 'key';
  return attempt(check, async () => {
    const state = tools.openState();
    try {
      const exportedAt = state.keyExportedAt();
      if (exportedAt !== undefined) return [ok(check, `exported at ${exportedAt.toISOString()}`)];
    } finally {
      state.close();
    }
    return [
      warn(
        check,
        'was never exported from this machine: if the repository is damaged at the wrong place, no backup can be read any more',
        'agent init --export-key FILE, and keep FILE on another machine or on paper',
      ),
    ];
  });
}
