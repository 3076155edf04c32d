import type { RunContext } from '../../context.ts';
import { exitCodes, worstExitCode, type ExitCode } from '../../domain/exit-code.ts';
import { printable } from '../../domain/printable.ts';
import { AppError, messageOf } from '../../errors.ts';
import { checkLateness } from '../../pipeline/check-lateness.ts';
import { toDeliveryDocument } from '../deliveries.ts';
import { withContext, type CommonOptions, type Shell } from '../shell.ts';

/** The form that Nagios and its kin expect: a word, and why. */
export async function checkProject(shell: Shell, options: CommonOptions): Promise<void> {
  await withContext(shell, options, async (context) => {
    const { line, exitCode, document } = await check(context);
    const status = exitCode === exitCodes.ok ? 'complete' : 'failed';
    shell.output.result({ command: 'status', status, ...document }, () => line);
    shell.exitWith(exitCode);
  });
}

/** The same for several, a line each. One that cannot be checked keeps none of the others from it; the worst exit code counts. */
export async function checkProjects(shell: Shell, names: readonly string[], options: CommonOptions): Promise<void> {
  const checked: Checked[] = [];
  for (const name of names) checked.push(await checkNamed(shell, name, options));
  const exitCode = worstExitCode(checked.map((one) => one.exitCode));
  const status = exitCode === exitCodes.ok ? 'complete' : 'failed';
  const projects = checked.map(({ document }, index) => ({ name: names[index], ...document }));
  shell.output.result({ command: 'status', status, projects }, () => checked.map(({ line }) => line).join('\n'));
  shell.exitWith(exitCode);
}

interface Checked {
  readonly line: string;
  readonly exitCode: ExitCode;
  readonly document: object;
}

async function check(context: RunContext): Promise<Checked> {
  const { project } = context.config;
  const { late, reason, deliveries } = await checkLateness(context);
  return {
    line: `${late ? 'CRITICAL' : 'OK'}: ${project}: ${reason}`,
    exitCode: late ? exitCodes.failed : exitCodes.ok,
    document: { project, late, reason, deliveries: toDeliveryDocument(deliveries) },
  };
}

async function checkNamed(shell: Shell, name: string, options: CommonOptions): Promise<Checked> {
  try {
    return await withContext({ ...shell, askPassword: undefined }, { ...options, project: name }, check);
  } catch (error) {
    shell.signal.throwIfAborted();
    const { code, exitCode, message, hint } =
      error instanceof AppError ? error : new AppError('failed', messageOf(error), { hint: 'Look at what is named.' });
    return {
      line: `UNKNOWN: ${name}: ${oneLine(message)}`,
      exitCode,
      document: { project: null, late: null, reason: null, deliveries: [], error: { code, message, hint } },
    };
  }
}

function oneLine(message: string): string {
  return printable(message.replace(' Nothing was started.', '').replaceAll(/\s*\n\s*/g, ' '));
}
