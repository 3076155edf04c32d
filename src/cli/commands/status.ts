import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import type { RunContext } from '../../context.ts';
import type { RunRecord } from '../../state-store.ts';
import type { AgentStatus } from '../../domain/control.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { messageOf } from '../../errors.ts';
import { checkLateness } from '../../pipeline/check-lateness.ts';
import { readStatus, type StatusReport } from '../../pipeline/status.ts';
import { describeAgent } from '../agent-text.ts';
import { formatAge } from '../age.ts';
import { toDeliveryDocument } from '../deliveries.ts';
import { printable } from '../../domain/printable.ts';
import { formatDuration, formatTable, formatTime } from '../output.ts';
import { askAgentIfAny, socketOption, type ServiceOptions } from '../service.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface StatusOptions extends CommonOptions, Pick<ServiceOptions, 'socket'> {
  readonly maxAge?: number;
  readonly check?: boolean;
  readonly runs: number;
}

export function statusCommand(shell: Shell): Command {
  return createCommand(
    'status',
    'Tell how the backups stand, from the run history of this machine, and what the running agent does.',
    [
      'agent status',
      'agent status --max-age 26h    exits with 1 when there is no complete backup that young',
      'agent status --check    for monitoring: one line, exits with 1 when a backup is late (docs/alerts.md)',
      'agent status --runs 50 --json',
    ],
  )
    .option('--max-age <age>', 'the age that the newest complete backup may have, such as 26h, 90m or 2d', parseAge)
    .option('--runs <number>', 'how many of the last runs to list', parseCount, 10)
    .addOption(
      new Option('--check', 'say in one line whether a backup is late; alerts tell of it once (docs/alerts.md)').conflicts(
        'maxAge',
      ),
    )
    .addOption(socketOption())
    .action(async (options: StatusOptions) => {
      await withContext(shell, options, async (context) => {
        if (options.check === true) return check(shell, context);
        const report = readStatus(context, { maxAgeMs: options.maxAge, runs: options.runs });
        const agent = await askForStatus(shell, options);
        const { project } = context.config;
        shell.output.result({ ...toDocument(report, project), agent: toAgentDocument(agent, project) }, () =>
          [toText(report), ...(agent === undefined ? [] : ['', ...describeAgent(agent, project)])].join('\n'),
        );
        if (report.problem !== undefined) shell.exitWith(exitCodes.failed);
        return undefined;
      });
    });
}

/** The form that Nagios and its kin expect: a word, and why. */
async function check(shell: Shell, context: RunContext): Promise<void> {
  const { project } = context.config;
  const { late, reason, deliveries } = await checkLateness(context);
  const status = late ? 'failed' : 'complete';
  const document = { command: 'status', status, project, late, reason, deliveries: toDeliveryDocument(deliveries) };
  shell.output.result(document, () => `${late ? 'CRITICAL' : 'OK'}: ${project}: ${reason}`);
  if (late) shell.exitWith(exitCodes.failed);
}

/** An agent that cannot tell is no reason to keep the rest back. */
async function askForStatus(shell: Shell, options: ServiceOptions): Promise<AgentStatus | undefined> {
  try {
    return (await askAgentIfAny(shell, options, { request: 'status' }))?.status;
  } catch (error) {
    shell.output.note(`Warning: ${messageOf(error)}`);
    return undefined;
  }
}

function toAgentDocument(agent: AgentStatus | undefined, project: string): object | null {
  if (agent === undefined) return null;
  const { projects, ...about } = agent;
  return { ...about, project: projects.find((one) => one.project === project) ?? null };
}

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It has to be a number with a unit: 90m, 26h, 2d.');
  return ms;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It has to be a number from 1 to 9999.');
  return Number(text);
}

function toDocument(report: StatusReport, project: string): object {
  const { running, lastRun, lastComplete, ageMs, failures, runs, problem } = report;
  return {
    command: 'status',
    status: problem === undefined ? 'complete' : 'failed',
    project,
    running: describeRun(running),
    lastRun: describeRun(lastRun),
    lastComplete: describeRun(lastComplete),
    ageMs: ageMs ?? null,
    failures: failures.map(describeRun),
    runs: runs.map(describeRun),
    problem: problem ?? null,
  };
}

function describeRun(run: RunRecord | undefined): object | null {
  if (run === undefined) return null;
  return {
    runId: run.runId,
    command: run.command,
    status: run.status,
    startedAt: run.startedAt.toISOString(),
    durationMs: run.durationMs ?? null,
    backupId: run.backupId ?? null,
    error: run.errorCode === undefined ? null : { code: run.errorCode, message: run.errorMessage ?? '' },
  };
}

function toText(report: StatusReport): string {
  const { running, lastComplete, ageMs, failures, problem } = report;
  return [
    lastComplete === undefined
      ? 'There is no complete backup yet.'
      : `Last complete backup: ${lastComplete.backupId} (${formatAge(ageMs!)}).`,
    running === undefined
      ? 'No run is going on.'
      : `A ${running.command} is going on since ${formatTime(running.startedAt)} (${formatAge(report.now.getTime() - running.startedAt.getTime())}).`,
    ...describeFailures(failures, lastComplete !== undefined),
    ...describeRuns(report),
    ...(problem === undefined ? [] : ['', `Not good: ${problem}`]),
  ].join('\n');
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
