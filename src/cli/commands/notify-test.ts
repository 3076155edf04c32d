import { Option, type Command } from 'commander';
import { alertKinds, type AlertKind } from '../../domain/alerts/alert.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { notifyTest } from '../../pipeline/notify-test.ts';
import { describeDeliveries, toDeliveryDocument } from '../deliveries.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface NotifyTestOptions extends CommonOptions {
  readonly kind?: AlertKind;
}

export function notifyTestCommand(shell: Shell): Command {
  return createCommand('notify-test', 'Send a test over every way in which alerts are told, and say what arrived.', [
    'agent notify-test',
    'agent notify-test --kind email --project prod',
  ])
    .addOption(new Option('--kind <kind>', 'one of them alone').choices(alertKinds))
    .action(async (options: NotifyTestOptions) => {
      await withContext(shell, options, async (context) => {
        const deliveries = await notifyTest(context, options.kind);
        const failed = deliveries.some(({ error }) => error !== undefined);
        const status = failed ? 'failed' : 'complete';
        const { project } = context.config;
        const document = { command: 'notify-test', status, project, deliveries: toDeliveryDocument(deliveries) };
        shell.output.result(document, () => describeDeliveries(deliveries));
        if (failed) shell.exitWith(exitCodes.failed);
      });
    });
}
