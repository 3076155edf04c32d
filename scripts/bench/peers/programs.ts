import { execa } from 'execa';

/** Names and versions of the programs of others that are measured. Throws, with what to do, where one is not there. */
export async function findPrograms(): Promise<string[]> {
  const [restic, borgmatic] = await Promise.all([ask('restic', 'version'), ask('borgmatic', '--version')]);
  return [restic.split(' ').slice(0, 2).join(' '), `borgmatic ${borgmatic}`];
}

async function ask(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout, failed } = await execa(program, args, { reject: false });
  if (failed) throw new Error(`This bench needs ${program}: apt-get install borgmatic restic`);
  return stdout;
}
