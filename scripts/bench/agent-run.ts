import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { watchMemory } from './watch.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const [, options = ''] = /^#!.* node (.*)$/m.exec(await readFile(main, 'utf8')) ?? [];
/** The agent as it is installed: compiled, and with the options of its first line, of which `--` is the last. */
export const agentCommand = [...options.split(' '), main];

export interface AgentRun {
  readonly seconds: number;
  /** How long each stage took, all of its times together. */
  readonly stages: Readonly<Record<string, number>>;
  /** While a borg process of the run was there. */
  readonly borgSeconds: number;
  readonly peakMemoryBytes: number;
  readonly document: unknown;
}

/** Runs the agent and looks on. `directory` is for what is noted meanwhile. Throws when it ends with another code than 0. */
export async function runAgent(directory: string, ...args: readonly string[]): Promise<AgentRun> {
  const notes = await notingBorg(directory);
  const startedMs = performance.now();
  const subprocess = execa(process.execPath, [...agentCommand, ...args, '--json'], {
    env: { LOG_LEVEL: 'info', PATH: notes.path },
    maxBuffer: 1024 ** 3,
  });
  const memory = watchMemory(subprocess.pid!);
  const { stdout, stderr } = await subprocess;
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    seconds,
    stages: stagesOf(stderr),
    borgSeconds: await notes.seconds(),
    peakMemoryBytes: await memory.stop(),
    document: JSON.parse(stdout) as unknown,
  };
}

/** A borg that writes down when it begins and ends, before the real one in PATH. */
async function notingBorg(directory: string): Promise<{ path: string; seconds(): Promise<number> }> {
  const programs = join(directory, 'programs');
  const file = join(directory, 'borg-times');
  const { stdout: real } = await execa('sh', ['-c', 'command -v borg']);
  await mkdir(programs, { recursive: true });
  const script = `#!/bin/bash\nbegin=$EPOCHREALTIME\n${real} "$@"\ncode=$?\necho "$begin $EPOCHREALTIME" >> ${file}\nexit $code\n`;
  await writeFile(join(programs, 'borg'), script);
  await chmod(join(programs, 'borg'), 0o755);
  await writeFile(file, '');
  return {
    path: `${programs}:${process.env['PATH']}`,
    async seconds() {
      const times = (await readFile(file, 'utf8')).trim().split('\n');
      return times.map((line) => line.split(' ').map(Number)).reduce((sum, [begin = 0, end = 0]) => sum + end - begin, 0);
    },
  };
}

function stagesOf(log: string): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const line of log.split('\n').filter((text) => text.includes('"msg":"stage ended"'))) {
    const { stage, durationMs } = JSON.parse(line) as { stage: string; durationMs: number };
    seconds[stage] = (seconds[stage] ?? 0) + durationMs / 1000;
  }
  return seconds;
}
