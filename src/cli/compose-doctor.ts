import { composeCommands, composeTools } from '../composition.ts';
import { loadConfig } from '../config/load.ts';
import { AppError } from '../errors.ts';
import { createLogger } from '../log.ts';
import type { DoctorRequest } from '../pipeline/doctor.ts';
import { fail, ok, warn, type Finding } from '../pipeline/doctor/finding.ts';
import { loadOptions, type CommonOptions, type Shell } from './shell.ts';

/** What `agent doctor` works with, as far as the configuration allows. */
export async function composeDoctor(shell: Shell, options: CommonOptions): Promise<DoctorRequest> {
  const { environment, signal, progress } = shell;
  const base = { commands: composeCommands({ environment, signal }), progress, signal };
  try {
    const { config, warnings } = await loadConfig(loadOptions(shell, options));
    const log = createLogger([]);
    const tools = composeTools({ config, log, progress, signal, environment });
    const found = ok('configuration', `${config.envFile ?? 'from the environment'}: project ${config.project}`);
    const remedy = 'Correct the configuration: `agent config show` tells where each value comes from.';
    return { ...base, tools, configuration: [found, ...warnings.map((warning) => warn('configuration', warning, remedy))] };
  } catch (error) {
    if (!(error instanceof AppError && ['configuration', 'usage'].includes(error.code))) throw error;
    return { ...base, tools: undefined, configuration: explainProblems(error) };
  }
}

/** One finding for each variable: they stand in lines of their own. */
function explainProblems({ message, hint }: AppError): Finding[] {
  const [first, ...others] = message.split('\n');
  return (others.length === 0 ? [first!] : others).map((line) => fail('configuration', line.trim(), hint));
}
