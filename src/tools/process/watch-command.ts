import { basename } from 'node:path';
import type { Command, RunningCommand } from '../../context.ts';
import type { StandstillWatch } from '../standstill/watch.ts';
import { readActivity } from './activity.ts';

/** Has a program watched as long as it runs. */
export function watchCommand(watch: StandstillWatch, command: Command, { pid, finished, terminate }: RunningCommand): void {
  if (pid === undefined) return;
  const unwatch = watch.watch({
    name: `${describe(command)} (process ${pid})`,
    measure: () => readActivity(pid),
    end: () => void terminate(),
  });
  finished.then(unwatch, unwatch);
}

function describe({ file, args }: Command): string {
  const name = basename(file);
  const verb = name === 'borg' ? args.find((argument) => !argument.startsWith('-')) : undefined;
  return verb === undefined ? name : `${name} ${verb}`;
}
