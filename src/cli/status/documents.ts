import type { AgentStatus } from '../../domain/control.ts';
import type { StatusReport } from '../../pipeline/status.ts';
import type { RunRecord } from '../../state-store.ts';
import { findAgentProject } from './next-runs.ts';
import type { ProjectRow } from './rows.ts';

/** One project with its runs (docs/json.md). */
export function toReportDocument(report: StatusReport, row: ProjectRow, agent: AgentStatus | undefined): object {
  const { running, lastRun, lastComplete, lastDrill, ageMs, failures, runs, problem } = report;
  return {
    command: 'status',
    status: problem === undefined ? 'complete' : 'failed',
    project: row.project,
    running: describeRun(running),
    lastRun: describeRun(lastRun),
    lastComplete: describeRun(lastComplete),
    lastDrill: describeRun(lastDrill),
    ageMs: ageMs ?? null,
    failures: failures.map(describeRun),
    runs: runs.map(describeRun),
    problem: problem ?? null,
    ...describeHealth(row),
    agent: agent === undefined ? null : describeAgent(agent, row),
  };
}

/** Several projects, a line each. */
export function toOverviewDocument(rows: readonly ProjectRow[], agent: AgentStatus | undefined): object {
  const isGood = rows.every(({ error, problem }) => error === undefined && problem === undefined);
  return {
    command: 'status',
    status: isGood ? 'complete' : 'failed',
    projects: rows.map(describeRow),
    agent: agent === undefined ? null : describeAgent(agent),
  };
}

function describeRow(row: ProjectRow): object {
  const { name, project, standing, active, problem, error } = row;
  return {
    name,
    project: project ?? null,
    ...describeHealth(row),
    running: describeRun(standing?.running),
    active:
      active === undefined
        ? null
        : { kind: active.kind, startedAt: active.startedAt.toISOString(), stage: active.stage ?? null },
    lastComplete: describeRun(standing?.lastComplete),
    ageMs: standing?.ageMs ?? null,
    problem: problem ?? null,
    error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint },
  };
}

function describeHealth({ health, reason, next, standing }: ProjectRow): object {
  return {
    health,
    reason: reason ?? null,
    next: next === undefined ? null : { kind: next.kind, at: next.at.toISOString(), from: next.from },
    originalBytes: standing?.sizes?.originalBytes ?? null,
    deduplicatedBytes: standing?.sizes?.deduplicatedBytes ?? null,
  };
}

/** The agent itself, and of its projects the one that is meant, if one is. */
function describeAgent({ projects, ...about }: AgentStatus, row?: ProjectRow): object {
  if (row === undefined) return about;
  const { name, project } = row;
  return { ...about, project: findAgentProject({ projects }, { name, project: project! }) ?? null };
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
