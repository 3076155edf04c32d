import { join } from 'node:path';
import { Command, Option } from 'commander';
import { askLiveAgent } from '../composition.ts';
import { defaultStateDirectory } from '../config/load.ts';
import type { ControlAnswer, ControlQuestion } from '../domain/control.ts';
import type { ErrorCode } from '../domain/exit-code.ts';
import { AppError } from '../errors.ts';
import type { Shell } from './shell.ts';

/** The options of commands that ask the running agent. */
export interface ServiceOptions {
  readonly socket?: string;
  readonly json?: boolean;
}

const socketName = 'agent.sock';

/** Where the unit has its RuntimeDirectory=. */
const systemSocket = `/run/supabase-backup-agent/${socketName}`;

export function socketOption(): Option {
  return new Option('--socket <path>', "the agent's control socket").env('AGENT_SOCKET');
}

/** A command that asks the running agent, and needs no configuration. */
export function createServiceCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print one JSON document (docs/json.md)')
    .addOption(socketOption())
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** Where a new agent listens: the unit's RuntimeDirectory=, or with the state of whoever starts it. */
export function socketToOpen(shell: Shell, { socket }: ServiceOptions): string {
  return socket ?? socketsToAsk(shell, {}).find((path) => path !== systemSocket)!;
}

function socketsToAsk(shell: Shell, { socket }: ServiceOptions): string[] {
  if (socket !== undefined) return [socket];
  // Several directories stand with colons between.
  const runtime = shell.environment['RUNTIME_DIRECTORY']?.split(':')[0] ?? '';
  return [...(runtime === '' ? [] : [join(runtime, socketName)]), systemSocket, join(defaultStateDirectory(shell), socketName)];
}

/** Asks the agent that runs on this machine. Undefined when there is none; throws AppError with what it says went wrong. */
export async function askAgentIfAny(
  shell: Shell,
  options: ServiceOptions,
  question: ControlQuestion,
): Promise<ControlAnswer | undefined> {
  for (const path of socketsToAsk(shell, options)) {
    const answer = await askLiveAgent(path, question);
    if (answer?.error !== undefined) {
      const { code, message, hint } = answer.error;
      throw new AppError(code as ErrorCode, message, { hint });
    }
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** The same, where nothing can be done without it. */
export async function askAgent(shell: Shell, options: ServiceOptions, question: ControlQuestion): Promise<ControlAnswer> {
  const answer = await askAgentIfAny(shell, options, question);
  if (answer !== undefined) return answer;
  throw new AppError('usage', 'No agent answers on this machine, or you may not ask it. Nothing was done.', {
    hint: 'Start it (systemctl start supabase-backup-agent), ask as its user or root, or name its --socket.',
  });
}
