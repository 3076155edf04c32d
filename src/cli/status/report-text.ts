import { printable } from '../../domain/printable.ts';
import type { StatusReport } from '../../pipeline/status.ts';
import type { RunRecord } from '../../state-store.ts';
import { formatAge } from '../age.ts';
import { drillWords } from '../drill-record.ts';
import { formatDuration, formatTable, formatTime } from '../output.ts';

/** All there is to say of one project, for people. */
export function formatReport(report: StatusReport): string {
  const { running, lastComplete, ageMs, failures, problem } = report;
  return [
    lastComplete === undefined
      ? 'There is no complete backup yet.'
      : `Last complete backup: ${lastComplete.backupId} (${formatAge(ageMs!)}).`,
    describeLastDrill(report),
    running === undefined
      ? 'No run is going on.'
      : `A ${running.command} is going on since ${formatTime(running.startedAt)} (${formatAge(report.now.getTime() - running.startedAt.getTime())}).`,
    ...describeFailures(failures, lastComplete !== undefined),
    ...describeRuns(report),
    ...(problem === undefined ? [] : ['', `Not good: ${problem}`]),
  ].join('\n');
}

function describeLastDrill({ lastDrill, now }: StatusReport): string {
  if (lastDrill === undefined) return 'No restore has been rehearsed on this machine (agent drill).';
  const { backupId, startedAt, status } = lastDrill;
  const how = status === 'running' ? drillWords.failed : drillWords[status];
  const of = backupId === undefined ? '' : ` of ${backupId}`;
  return `Last drill${of}: ${how} (${formatAge(now.getTime() - startedAt.getTime())}).`;
}

const shownFailures = 5;

function describeFailures(failures: readonly RunRecord[], since: boolean): string[] {
  if (failures.length === 0) return [];
  const what = failures.length === 1 ? '1 run has failed' : `${failures.length} runs have failed`;
  return [
    '',
    `${what}${since ? ' since' : ''}:`,
    ...failures
      .slice(0, shownFailures)
      .map(
        ({ command, startedAt, errorMessage }) => `  ${formatTime(startedAt)}  ${command}: ${printable(errorMessage ?? '')}`,
      ),
    ...(failures.length > shownFailures ? [`  and ${failures.length - shownFailures} before (--json lists them all)`] : []),
  ];
}

function describeRuns({ runs }: StatusReport): string[] {
  if (runs.length === 0) return ['No run is on record.'];
  const rows = runs.map(({ startedAt, command, status, durationMs, backupId, errorCode }) => [
    formatTime(startedAt),
    command,
    status,
    durationMs === undefined ? '' : formatDuration(durationMs),
    backupId ?? '',
    errorCode ?? '',
  ]);
  return ['', formatTable(['STARTED', 'COMMAND', 'STATUS', 'TOOK', 'BACKUP', 'ERROR'], rows, [3])];
}
