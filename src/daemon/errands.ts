import { projectArguments, type ChildOptions } from './child.ts';

/** What the agent has done besides runs, by a process of its own kind: it needs secrets, which the agent does not keep. Never rejects. */
export interface Errands {
  /** Has those told whom a project's file names, though it cannot be used. */
  tellUnusable(name: string): Promise<void>;
  /** Has those told who want to know that the process of a run has died; `of` is the signal, or the exit code. */
  tellDied(name: string, of: string): Promise<void>;
  /** Has those told who want to know that a backup is late, once. Answers why it is, when it is. */
  checkLate(name: string): Promise<string | undefined>;
}

export function createErrands({ commands, program, projectsDirectory, onLine }: ChildOptions): Errands {
  const [file, ...fixed] = program;
  const run = async (name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const running = commands.start({
      file,
      env,
      args: [...fixed, ...command, ...projectArguments(name, projectsDirectory)],
      ownSession: true,
      onStderrLine: (line) => onLine(name, line),
    });
    return running.finished.then(
      ({ stdout }) => stdout,
      () => '',
    );
  };
  return {
    async tellUnusable(name) {
      await run(name, ['config', 'validate', '--notify']);
    },
    async tellDied(name, of) {
      // As systemd tells it of a service (systemd.exec(5)).
      const end = /^\d+$/.test(of) ? 'exited' : 'killed';
      await run(name, ['notify-failure'], { MONITOR_EXIT_CODE: end, MONITOR_EXIT_STATUS: of });
    },
    async checkLate(name) {
      return readReason(await run(name, ['status', '--check']));
    },
  };
}

/** Of the document of `agent status --check`; undefined where nothing is late, or nothing was found out. */
function readReason(text: string): string | undefined {
  try {
    const { late, reason } = JSON.parse(text) as { late?: boolean; reason?: string };
    return late === true ? reason : undefined;
  } catch {
    return undefined;
  }
}
