import { resolve } from 'node:path';
import type { RunContext } from '../context.ts';

/** Creates the repository. Throws AppError repository_exists when there is one. */
export async function initialize(context: RunContext): Promise<void> {
  await context.repository.initialize();
  context.log.info({ stage: 'init', repository: context.repository.location }, 'repository created');
}

/** Exports the repository's key, and remembers for `agent doctor` that it was done. `file` must not exist. */
export async function exportKey(context: RunContext, file: string): Promise<void> {
  await context.repository.exportKey(resolve(file));
  context.state.noteKeyExported(context.clock.now());
}
