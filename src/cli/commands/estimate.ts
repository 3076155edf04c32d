import type { Command } from 'commander';
import { estimate, type Estimate } from '../../pipeline/estimate.ts';
import { formatBytes } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function estimateCommand(shell: Shell): Command {
  return createCommand('estimate', 'Tell how many objects of Storage the next backup would download; downloads nothing.', [
    'agent estimate',
    'agent estimate --project prod --json',
  ]).action(async (options: CommonOptions) => {
    await withContext(shell, options, async (context) => {
      const result = await estimate(context);
      shell.output.result(toDocument(result, context.config.project), () => toText(result));
    });
  });
}

function toDocument({ inventory, beyondLimitBytes, room }: Estimate, project: string): object {
  return {
    command: 'estimate',
    status: 'complete',
    project,
    objects: inventory.pendingObjects,
    bytes: inventory.pendingBytes,
    beyondLimitBytes,
    inventory: { objects: inventory.objects, bytes: inventory.bytes },
    room,
  };
}

function toText({ inventory, beyondLimitBytes, room }: Estimate): string {
  const { objects, bytes, pendingObjects, pendingBytes } = inventory;
  const all = `Storage holds ${objects.toLocaleString('en-US')} objects with ${formatBytes(bytes)}.`;
  if (pendingObjects === 0) return `${all} The mirror has all of them: the next backup downloads nothing.`;
  const beyond =
    beyondLimitBytes === 0
      ? ''
      : ` STORAGE_MAX_EGRESS leaves about ${formatBytes(beyondLimitBytes)} of them for later backups.`;
  const tooLittle = room.fits
    ? ''
    : `\nThey do not fit: the mirror needs ${formatBytes(room.neededBytes)}, and ${formatBytes(room.freeBytes)} are free there.`;
  return `${all} The next backup downloads ${pendingObjects.toLocaleString('en-US')} of them, ${formatBytes(pendingBytes)}.${beyond}${tooLittle}`;
}
