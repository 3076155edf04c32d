import { InvalidArgumentError, Option, type Command } from 'commander';
import { composeAgentLog } from '../../compose-log.ts';
import { agentVersion, composeAgent } from '../../composition.ts';
import { parseListenAddress, type ListenAddress } from '../../config/listen-address.ts';
import { createRunStarter } from '../../daemon/child-run.ts';
import { runDaemon } from '../../daemon/daemon.ts';
import { createErrands } from '../../daemon/errands.ts';
import { loadProjects } from '../../daemon/projects.ts';
import { createServiceManager } from '../../daemon/service-manager.ts';
import type { LogLevel } from '../../log.ts';
import { createLogForwarder } from '../forward-log.ts';
import { createServiceCommand, socketToOpen, type ServiceOptions } from '../service.ts';
import { loadOptions, logLevelOption, projectsDirectoryOption, type Shell } from '../shell.ts';

interface DaemonOptions extends ServiceOptions {
  readonly projectsDirectory?: string;
  readonly maxConcurrent: number;
  readonly metricsListen?: ListenAddress;
  readonly logLevel?: LogLevel;
}

export function daemonCommand(shell: Shell): Command {
  return createServiceCommand(
    'daemon',
    'Run for years, and back up every project when its schedule says so (docs/service.md).',
    ['agent daemon', 'agent daemon shop blog --max-concurrent 2'],
  )
    .argument('[name...]', 'the projects, as their env files are called; all of /etc/supabase-backup unless given')
    .addOption(
      new Option('--max-concurrent <number>', 'how many projects may have a run at a time')
        .env('MAX_CONCURRENT')
        .argParser(parseCount)
        .default(1),
    )
    .addOption(
      new Option('--metrics-listen <address>', 'where /metrics is served: 9765 (this machine alone), 0.0.0.0:9765, [::1]:9765')
        .env('METRICS_LISTEN')
        .argParser(parseListen),
    )
    .addOption(projectsDirectoryOption())
    .addOption(logLevelOption('what is logged to stderr (default: info)'))
    .action(async (names: string[], options: DaemonOptions) => {
      await runAgent(shell, names, options);
      shell.output.result({ command: 'daemon', status: 'complete' }, () => 'The agent has ended.');
    });
}

async function runAgent(shell: Shell, names: readonly string[], options: DaemonOptions): Promise<void> {
  const { environment, signal, stderr } = shell;
  const configuration = loadOptions(shell, options);
  const tools = composeAgent({ environment });
  const { clock, commands, pid } = tools;
  const { log, level, write, close } = composeAgentLog({ level: options.logLevel, environment, commands, stderr });
  const children = {
    commands,
    program: shell.program,
    projectsDirectory: configuration.projectsDirectory,
    onLine: createLogForwarder(log, level, write),
  };
  try {
    await runDaemon(
      {
        clock,
        log,
        signal,
        starter: createRunStarter(children),
        errands: createErrands(children),
        history: {
          lastRunAt: (project, kind) => {
            const apart = project.plans.some((plan) => plan.kind === 'database');
            return tools.readLastRun(
              project,
              kind === 'verify' || kind === 'drill' ? kind : kind === 'backup' && apart ? 'storage' : 'backup',
            );
          },
        },
        random: tools.random,
        serviceManager: createServiceManager({ commands, clock, log, pid, environment }),
        loadProjects: () => loadProjects(names, configuration),
        openControl: (answer) => tools.openControl(socketToOpen(shell, options), answer),
        openMetrics: (projects) => options.metricsListen && tools.openMetrics(options.metricsListen, log, projects),
        onReload: (listener) => shell.onHangup(listener),
      },
      { pid, agentVersion: agentVersion(), maxConcurrent: options.maxConcurrent },
    );
  } finally {
    await close();
  }
}

function parseListen(text: string): ListenAddress | undefined {
  // Of the environment, where nothing means none.
  if (text === '') return undefined;
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError('It has to be a port, HOST:PORT or [IPV6]:PORT, such as 9765, 0.0.0.0:9765 or [::1]:9765.');
}

function parseCount(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It has to be a number from 1 to 99.');
  return Number(text);
}
