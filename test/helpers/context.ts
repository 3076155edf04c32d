import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentProgress } from '../../src/cli/progress.ts';
import { composeContext } from '../../src/composition.ts';
import { Secret } from '../../src/config/project-config.ts';
import type { RunContext } from '../../src/context.ts';
import { createLogger } from '../../src/log.ts';
import type { TestRepository } from './borg.ts';
import type { TestDatabase } from './database.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export const noSchedules = {
  backup: undefined,
  storage: undefined,
  verify: undefined,
  drill: undefined,
  jitterMs: undefined,
  retryDelayMs: 0,
  retryLimit: 0,
};

/** A context of real tools, for tests that put something else in the place of one of them. */
export async function createTestContext(options: {
  readonly database: TestDatabase;
  readonly repository: TestRepository;
  /** Instead of the PATH of this process. */
  readonly path?: string;
}): Promise<RunContext> {
  const stateDirectory = join(await createTemporaryDirectory(), 'state');
  await mkdir(stateDirectory, { mode: 0o700 });
  const context = composeContext({
    config: {
      project: 'shop',
      envFile: undefined,
      database: options.database.config,
      repository: {
        location: options.repository.location,
        passphrase: new Secret(options.repository.passphrase),
        remoteShell: undefined,
        remotePath: undefined,
        lockWaitMs: 30_000,
      },
      storage: undefined,
      storageRetries: 5,
      retention: { days: 21, minimumBackups: 3, daily: 0, weekly: 0, monthly: 0 },
      schedule: noSchedules,
      verifyContent: false,
      migrationDrift: 'auto',
      alerts: { targets: [], lateAfterMs: undefined },
      stateDirectory,
      postgresBinDirectory: undefined,
      metricsFile: undefined,
      restoreAllowed: false,
      limits: { stallMs: undefined, runMs: undefined },
      logs: { file: undefined, format: 'auto' },
    },
    log: createLogger([]),
    progress: silentProgress,
    signal: new AbortController().signal,
    environment: { ...process.env, ...(options.path === undefined ? {} : { PATH: options.path }) },
  });
  onTestFinished(() => context.state.close());
  return context;
}
