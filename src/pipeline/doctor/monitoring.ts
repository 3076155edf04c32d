import { dirname } from 'node:path';
import type { AlertTarget } from '../../config/project-config.ts';
import type { AlertEvent } from '../../domain/alerts/alert.ts';
import { ok, warn, type Finding } from './finding.ts';
import type { DoctorTools } from './tools.ts';

/** What nobody must be left without: a backup that is not there is seen when it is needed otherwise. */
const needed: readonly AlertEvent[] = ['failure', 'late'];

/** Whether anybody hears of a backup that failed or did not happen, and whether what is meant for monitoring can be written. Sends nothing. */
export async function examineMonitoring({ config, files }: Pick<DoctorTools, 'config' | 'files'>): Promise<readonly Finding[]> {
  const written = [
    ['METRICS_FILE', config.metricsFile],
    ['LOG_FILE', config.logs.file],
  ] as const;
  const findings = [checkAlerts(config.alerts.targets)];
  for (const [name, path] of written) {
    if (path !== undefined) findings.push(await checkFile(files, name, path));
  }
  return findings;
}

function checkAlerts(targets: readonly AlertTarget[]): Finding {
  const check = 'alerts';
  if (targets.length === 0) {
    return warn(
      check,
      'nobody is told when a backup fails or does not happen',
      'Set one of NOTIFY_... (docs/alerts.md), or have your monitoring run `agent status --check`.',
    );
  }
  // A ping's server finds out itself what is late, and is told of every failure.
  const untold = needed.filter((event) => targets.every(({ kind, on }) => kind !== 'ping' && !on.includes(event)));
  const kinds = targets.map(({ kind }) => kind).join(', ');
  if (untold.length === 0) return ok(check, `go out by ${kinds}; \`agent notify-test\` tries that`);
  return warn(check, `go out by ${kinds}, but nobody is told of: ${untold.join(', ')}`, 'Name it in NOTIFY_ON as well.');
}

async function checkFile(files: DoctorTools['files'], name: string, path: string): Promise<Finding> {
  // METRICS_FILE is replaced, and LOG_FILE made anew after logrotate: it is the directory that has to take a new file.
  const problem = await files.writeProblem(dirname(path));
  if (problem === undefined) return ok(name, `${path} can be written`);
  return warn(
    name,
    `${path} cannot be written: ${problem}`,
    `Make ${dirname(path)}, and let the user that runs backups write there.`,
  );
}
