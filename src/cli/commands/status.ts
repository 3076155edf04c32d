import { InvalidArgumentError, Option, type Command } from 'commander';
import { composeStatus } from '../../composition.ts';
import { parseDuration } from '../../config/duration.ts';
import { addProjectChoice } from '../several.ts';
import { socketOption } from '../service.ts';
import { createCommand, type Shell } from '../shell.ts';
import { checkProject, checkProjects } from '../status/check.ts';
import { askForStatus, createTimerSource, type Starters } from '../status/next-runs.ts';
import { chooseForStatus, readOverview, readProject, type Status, type StatusOptions } from '../status/overview.ts';
import { watch, type Frame } from '../watch.ts';
import { wrapText } from '../status/wrap.ts';

interface CommandOptions extends StatusOptions {
  readonly check?: boolean;
  /** Milliseconds. */
  readonly watch?: number;
}

interface Taken extends Status, Pick<Starters, 'agentProblem'> {}

export function statusCommand(shell: Shell): Command {
  const command = createCommand(
    'status',
    'Tell how the backups stand, from the run history of this machine, and what the running agent does: one line a project, and all there is to say of a single one.',
    [
      'agent status    every project in /etc/supabase-backup, unless there is an .env here',
      'agent status shop blog',
      'agent status --all --watch 10s    until Ctrl-C',
      'agent status --project shop --runs 50 --json',
      'agent status --max-age 26h    exits with 1 when there is no complete backup that young',
      'agent status --all --check    for monitoring: a line for each, exits with 1 when a backup is late (docs/alerts.md)',
    ],
  );
  return addProjectChoice(command)
    .option('--max-age <age>', 'the age that the newest complete backup may have, such as 26h, 90m or 2d', parseAge)
    .option('--runs <number>', 'how many of the last runs to list, of a single project', parseCount, 10)
    .addOption(
      new Option('--check', 'say in one line whether a backup is late; alerts tell of it once (docs/alerts.md)').conflicts(
        'maxAge',
      ),
    )
    .addOption(
      new Option('--watch [interval]', 'show it again every 2s, or as often as given; with --json a document a line')
        .preset('2s')
        .argParser(parseInterval)
        .conflicts('check'),
    )
    .addOption(socketOption())
    .action(async (names: string[], options: CommandOptions) => {
      if (options.check === true) await check(shell, names, options);
      else await show(shell, names, options);
    });
}

async function check(shell: Shell, names: readonly string[], options: CommandOptions): Promise<void> {
  const chosen = await chooseForStatus(shell, names, options);
  if ('single' in chosen) await checkProject(shell, chosen.single);
  else await checkProjects(shell, chosen.several, options);
}

async function show(shell: Shell, names: readonly string[], options: CommandOptions): Promise<void> {
  const { environment, signal, output, screen } = shell;
  const tools = composeStatus({ environment, signal });
  const listTimers = createTimerSource(tools);
  const take = async (): Promise<Taken> => {
    const chosen = await chooseForStatus(shell, names, options);
    const [asked, timers] = await Promise.all([askForStatus(shell, options), listTimers()]);
    const sources = { shell, tools, starters: { ...asked, timers } };
    const status = await ('single' in chosen
      ? readProject({ ...sources, options: chosen.single })
      : readOverview(chosen.several, { ...sources, options }));
    return { ...status, agentProblem: asked.agentProblem };
  };
  if (options.watch !== undefined) {
    await watch({ clock: tools.clock, screen, output, signal }, options.watch, async () => withWarning(await take()));
    return;
  }
  const { warnings, agentProblem, document, text, exitCode } = await take();
  for (const warning of [...warnings, ...(agentProblem === undefined ? [] : [agentProblem])])
    output.note(`Warning: ${warning}`);
  output.result(document, () => text(undefined));
  shell.exitWith(exitCode);
}

/** Where the same is shown over and over, there is no other place for it. */
function withWarning({ agentProblem, ...status }: Taken): Frame {
  if (agentProblem === undefined) return status;
  const text = (columns: number | undefined): string =>
    [status.text(columns), '', wrapText(`Warning: ${agentProblem}`, columns)].join('\n');
  return { ...status, text };
}

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It has to be a number with a unit: 90m, 26h, 2d.');
  return ms;
}

const longestIntervalMs = 86_400_000;

/** In milliseconds, from 1s to a day. */
function parseInterval(text: string): number {
  const ms = /^[1-9]\d{0,4}s$/.test(text) ? Number(text.slice(0, -1)) * 1000 : parseDuration(text);
  if (ms !== undefined && ms >= 1000 && ms <= longestIntervalMs) return ms;
  throw new InvalidArgumentError(
    'It has to be a number with a unit, from 1s to 24h: 10s, 5m. Names of projects stand before it.',
  );
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It has to be a number from 1 to 9999.');
  return Number(text);
}
