import { createConnection, type Socket } from 'node:net';
import {
  controlAnswerSchema,
  controlLineLimit,
  controlVersion,
  type ControlAnswer,
  type ControlQuestion,
} from '../../domain/control.ts';
import { AppError, messageOf } from '../../errors.ts';
import { readLine } from './line.ts';

/** The end of a run may take a minute; what it knows it tells at once. */
const answerMs = { status: 5_000, 'run-now': 90_000, cancel: 90_000 };

/** Asks the agent that listens at a socket. Undefined when none does; throws AppError failed when it cannot be understood. */
export async function askAgent(path: string, question: ControlQuestion): Promise<ControlAnswer | undefined> {
  const socket = createConnection(path);
  try {
    if (!(await connected(socket))) return undefined;
    const line = readLine(socket, { bytes: controlLineLimit, ms: answerMs[question.request] });
    socket.write(`${JSON.stringify({ version: controlVersion, ...question })}\n`);
    return controlAnswerSchema.parse(JSON.parse(await line));
  } catch (error) {
    throw new AppError('failed', `The agent at ${path} gave no answer: ${messageOf(error)}.`, {
      hint: 'Look at its log (journalctl -u supabase-backup-agent); systemd restarts one that hangs.',
      cause: error,
    });
  } finally {
    socket.destroy();
  }
}

const nobody: readonly (string | undefined)[] = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR', 'EACCES'];

/** Whether somebody listens, who may be asked by us. */
function connected(socket: Socket): Promise<boolean> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (nobody.includes(error.code)) resolve(false);
      else reject(error);
    });
  });
}
