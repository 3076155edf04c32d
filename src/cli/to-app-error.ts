import { CommanderError } from 'commander';
import { AppError, cancelReason, messageOf } from '../errors.ts';

/** Makes an error that a user can be told of, of whatever a command has thrown. */
export function toAppError(error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  if (signal.aborted) {
    return new AppError(signal.reason === cancelReason ? 'cancelled' : 'interrupted', 'Interrupted. Nothing was changed.', {
      hint: 'Start the command again when it suits you.',
    });
  }
  if (error instanceof CommanderError) {
    return new AppError('usage', error.message.replace(/^error: /, ''), {
      hint: 'See `agent --help` and `agent COMMAND --help`.',
    });
  }
  return new AppError('failed', `Unexpected: ${messageOf(error)}. Earlier backups are as they were.`, {
    hint: 'This is a defect of the agent. Please report it, with what `--log-level debug` prints.',
    cause: error,
  });
}
