import { existsSync } from 'node:fs';
import type { StatusTools } from '../../composition.ts';
import { listProjectNames } from '../../config/list-projects.ts';
import { loadStatusConfig } from '../../config/load-status.ts';
import { defaultProjectsDirectory, isProjectNamed } from '../../config/open.ts';
import { exitCodes, worstExitCode, type ExitCode } from '../../domain/exit-code.ts';
import { readStatus } from '../../pipeline/status.ts';
import { describeAgent } from '../agent-text.ts';
import { chooseProjects, type SeveralOptions } from '../several.ts';
import type { ServiceOptions } from '../service.ts';
import { loadOptions, type Shell } from '../shell.ts';
import type { Frame } from '../watch.ts';
import { toOverviewDocument, toReportDocument } from './documents.ts';
import type { Starters } from './next-runs.ts';
import { formatReport } from './report-text.ts';
import { createRow, nameOf, readRow, type ProjectRow } from './rows.ts';
import { describeRows, formatRows } from './table.ts';
import { wrapText } from './wrap.ts';

export interface StatusOptions extends SeveralOptions, Pick<ServiceOptions, 'socket'> {
  readonly maxAge?: number;
  readonly runs: number;
}

/** What is shown of projects, once or again and again. */
export interface Status extends Frame {
  readonly exitCode: ExitCode;
  /** About the configuration of a single project. */
  readonly warnings: readonly string[];
}

/** Which projects are to be told of: several, or the one of the options, with all there is to say of it. */
export async function chooseForStatus<Options extends SeveralOptions>(
  shell: Shell,
  names: readonly string[],
  options: Options,
): Promise<{ readonly several: readonly string[] } | { readonly single: Options }> {
  const chosen = await chooseProjects(shell, names, options);
  if (chosen !== undefined && options.all !== true && chosen.length === 1)
    return { single: { ...options, project: chosen[0] } };
  if (chosen !== undefined) return { several: chosen };
  const configuration = loadOptions(shell, options);
  if (await isProjectNamed(configuration)) return { single: options };
  const directory = configuration.projectsDirectory ?? defaultProjectsDirectory;
  const all = existsSync(directory) ? await listProjectNames(directory) : [];
  return all.length === 0 ? { single: options } : { several: all };
}

export interface StatusSources {
  readonly shell: Shell;
  readonly tools: StatusTools;
  readonly starters: Starters;
  readonly options: StatusOptions;
}

/** A line for each of several projects. */
export async function readOverview(
  names: readonly string[],
  { shell, tools, starters, options }: StatusSources,
): Promise<Status> {
  const configuration = loadOptions(shell, options);
  const rows: ProjectRow[] = [];
  for (const name of names) rows.push(await readRow(name, configuration, { tools, starters, maxAgeMs: options.maxAge }));
  const { paint } = shell.screen;
  const now = tools.clock.now();
  return {
    document: toOverviewDocument(rows, starters.agent),
    text: (columns) => {
      const notes = describeRows(rows, columns);
      return [formatRows(rows, { now, columns, paint }), ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
    },
    exitCode: worstExitCode(rows.map(exitCodeOf)),
    warnings: [],
  };
}

function exitCodeOf({ error, problem }: ProjectRow): ExitCode {
  return error?.exitCode ?? (problem === undefined ? exitCodes.ok : exitCodes.failed);
}

/** All there is to say of one. Throws AppError when its configuration cannot be used. */
export async function readProject({ shell, tools, starters, options }: StatusSources): Promise<Status> {
  const configuration = loadOptions(shell, options);
  const { config, warnings } = await loadStatusConfig(configuration);
  const state = tools.openExistingState(config);
  try {
    const report = readStatus({ clock: tools.clock, state }, { maxAgeMs: options.maxAge, runs: options.runs });
    const row = createRow(nameOf(config, configuration), { config, state }, { tools, starters, maxAgeMs: undefined });
    const { agent } = starters;
    const notes = describeRows([row], undefined);
    const text = [
      ...notes,
      ...(notes.length === 0 ? [] : ['']),
      formatReport(report),
      ...(agent === undefined ? [] : ['', ...describeAgent(agent, config.project)]),
    ].join('\n');
    return {
      document: toReportDocument(report, row, agent),
      text: (columns) => {
        const line = formatRows([row], { now: report.now, columns, paint: shell.screen.paint });
        return [line, '', ...text.split('\n').map((one) => wrapText(one, columns))].join('\n');
      },
      exitCode: report.problem === undefined ? exitCodes.ok : exitCodes.failed,
      warnings,
    };
  } finally {
    state?.close();
  }
}
