import type { CommandRunner } from '../context.ts';

/** How the agent starts processes of its own kind. */
export interface ChildOptions {
  readonly commands: CommandRunner;
  /** The program itself: Node, its options, main.ts. */
  readonly program: readonly [string, ...string[]];
  /** Instead of /etc/supabase-backup. */
  readonly projectsDirectory: string | undefined;
  /** Takes each line that a run says on stderr. */
  readonly onLine: (project: string, line: string) => void;
}

export function projectArguments(name: string, projectsDirectory: string | undefined): string[] {
  const where = projectsDirectory === undefined ? [] : ['--projects-directory', projectsDirectory];
  return ['--project', name, ...where, '--json'];
}
