import type { Command } from 'commander';
import type { RunContext } from '../../context.ts';
import { hasEndedByItself } from '../../domain/alerts/service-end.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { notifyFailure, type FailureNotice } from '../../pipeline/notify-failure.ts';
import { describeDeliveries, toDeliveryDocument } from '../deliveries.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function notifyFailureCommand(shell: Shell): Command {
  return createCommand(
    'notify-failure',
    'For OnFailure= of systemd: tell of a run that was killed or never began. Reads MONITOR_UNIT, MONITOR_SERVICE_RESULT ...',
    ['agent notify-failure --project prod'],
  ).action(async (options: CommonOptions) => {
    const { environment } = shell;
    const end = {
      unit: environment['MONITOR_UNIT'],
      result: environment['MONITOR_SERVICE_RESULT'],
      exitCode: environment['MONITOR_EXIT_CODE'],
      exitStatus: environment['MONITOR_EXIT_STATUS'],
      invocationId: environment['MONITOR_INVOCATION_ID'],
    };
    const tellEnd = async (context: RunContext): Promise<void> => {
      const notice = await notifyFailure(context, end);
      const failed = notice.deliveries.some(({ error }) => error !== undefined);
      shell.output.result(toDocument(notice, context.config.project, failed), () => toText(notice));
      if (failed) shell.exitWith(exitCodes.failed);
    };
    await withContext(shell, options, tellEnd, hasEndedByItself(end) ? undefined : 'backup');
  });
}

function toDocument({ alreadyTold, reason, deliveries }: FailureNotice, project: string, failed: boolean): object {
  const status = failed ? 'failed' : 'complete';
  return { command: 'notify-failure', status, project, alreadyTold, reason, deliveries: toDeliveryDocument(deliveries) };
}

function toText({ alreadyTold, reason, deliveries }: FailureNotice): string {
  if (alreadyTold) return 'The run has told of its end by itself: nothing was sent.';
  if (deliveries.length === 0) return `${reason} Nobody wants to be told: no NOTIFY_... is configured for failures.`;
  return `${reason}\n\n${describeDeliveries(deliveries)}`;
}
