import { Command } from 'commander';
import { agentVersion } from '../composition.ts';
import { backupCommand } from './commands/backup.ts';
import { cancelCommand } from './commands/cancel.ts';
import { compareCommand } from './commands/compare.ts';
import { configCommand } from './commands/config.ts';
import { daemonCommand } from './commands/daemon.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { drillCommand } from './commands/drill.ts';
import { estimateCommand } from './commands/estimate.ts';
import { extractCommand } from './commands/extract.ts';
import { initCommand } from './commands/init.ts';
import { listCommand } from './commands/list.ts';
import { metricsCommand } from './commands/metrics.ts';
import { notifyFailureCommand } from './commands/notify-failure.ts';
import { notifyTestCommand } from './commands/notify-test.ts';
import { logsCommand } from './commands/logs.ts';
import { pruneCommand } from './commands/prune.ts';
import { restoreCommand } from './commands/restore.ts';
import { runNowCommand } from './commands/run-now.ts';
import { showCommand } from './commands/show.ts';
import { statusCommand } from './commands/status.ts';
import { verifyCommand } from './commands/verify.ts';
import type { Shell } from './shell.ts';

/** The command line: nothing but names; each command stands in a file of its own. */
export function createProgram(shell: Shell): Command {
  const program = new Command('agent')
    .description('Backs up Supabase projects into an encrypted, deduplicated Borg repository, and brings them back.')
    .version(agentVersion())
    .showSuggestionAfterError()
    .addHelpText('after', '\nStart with: agent doctor, agent init, agent backup. Exit codes: README.md.');
  const commands = [
    configCommand,
    initCommand,
    backupCommand,
    estimateCommand,
    listCommand,
    showCommand,
    diffCommand,
    verifyCommand,
    restoreCommand,
    extractCommand,
    compareCommand,
    drillCommand,
    pruneCommand,
    statusCommand,
    metricsCommand,
    notifyTestCommand,
    notifyFailureCommand,
    logsCommand,
    doctorCommand,
    daemonCommand,
    runNowCommand,
    cancelCommand,
  ];
  for (const create of commands) program.addCommand(create(shell));
  return program;
}
