import type { CommandRunner, Progress } from '../context.ts';
import { AppError } from '../errors.ts';
import { examineDatabase } from './doctor/database.ts';
import type { Finding } from './doctor/finding.ts';
import { examineMachine } from './doctor/machine.ts';
import { examineMonitoring } from './doctor/monitoring.ts';
import { examineRepository } from './doctor/repository.ts';
import { checkKey, examineState } from './doctor/state.ts';
import { examineStorage } from './doctor/storage.ts';
import type { DoctorTools } from './doctor/tools.ts';

export interface DoctorRequest {
  /** What was found while the configuration was loaded. */
  readonly configuration: readonly Finding[];
  readonly commands: CommandRunner;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Undefined when the configuration cannot be used: then only the machine is looked at. */
  readonly tools: DoctorTools | undefined;
}

export interface DoctorReport {
  /** Warnings are no failure. */
  readonly status: 'complete' | 'failed';
  readonly findings: readonly Finding[];
}

/**
 * Looks at everything that a backup needs, and goes on whatever it finds. Changes nothing but STATE_DIR, which it makes.
 * Throws AppError interrupted.
 */
export async function diagnose(request: DoctorRequest): Promise<DoctorReport> {
  const examine: Examine = async (what, work) => {
    request.progress.step(`Checking ${what}`);
    const found = await work();
    if (!request.signal.aborted) return found;
    throw new AppError('interrupted', 'Interrupted. Nothing was changed.', { hint: 'Run it again when it suits you.' });
  };
  const machine = await examine('this machine', () => examineMachine(request.commands, process.version));
  const project = request.tools === undefined ? [] : await examineProject(request.tools, examine);
  const findings = [...request.configuration, ...machine, ...project];
  return { status: findings.some(({ state }) => state === 'failed') ? 'failed' : 'complete', findings };
}

/** Does some of the work, with a step for whoever looks on. */
type Examine = <Found>(what: string, work: () => Promise<Found>) => Promise<Found>;

async function examineProject(tools: DoctorTools, examine: Examine): Promise<readonly Finding[]> {
  const state = await examine('the state directory', () => examineState(tools));
  const database = await examine('the database', () => examineDatabase(tools));
  const storage = tools.storage === undefined ? [] : await examine('Storage', () => examineStorage(tools));
  const repository = await examine('the repository', () => examineRepository(tools, database.sizeBytes));
  const key = repository.opened ? await checkKey(tools) : [];
  const monitoring = await examine('alerts and monitoring', () => examineMonitoring(tools));
  return [...state, ...database.findings, ...storage, ...repository.findings, ...key, ...monitoring];
}
