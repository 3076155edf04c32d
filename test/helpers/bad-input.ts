import fc from 'fast-check';
import { StorageError } from '../../src/domain/storage/storage-error.ts';
import { exitCodes } from '../../src/domain/exit-code.ts';
import { AppError } from '../../src/errors.ts';
import { createEnds, faultSeed, recordFaults } from './faults.ts';

export interface BadInput<Input> {
  readonly group: string;
  /** Completes "tried:". */
  readonly fault: string;
  readonly rounds: number;
  readonly inputs: fc.Arbitrary<Input>;
  /** Reads it as the agent does. What it throws has to be an error with a code. */
  readonly read: (input: Input) => unknown;
  /** Besides AppError. */
  readonly mayThrow?: (error: unknown) => boolean;
}

const codes: readonly number[] = Object.values(exitCodes);

/** Tries inputs of which most are wrong; fast-check makes the one that fails as simple as it can. */
export async function expectHandled<Input>({ group, fault, rounds, inputs, read, mayThrow }: BadInput<Input>): Promise<void> {
  const { ends, count } = createEnds();
  let failed = false;
  const property = fc.asyncProperty(inputs, async (input) => {
    const end = await endOf(read, input, mayThrow).catch((error: unknown) => {
      failed = true;
      throw error;
    });
    // What fast-check repeats to make it simpler is no round.
    if (!failed) count(end);
  });
  await fc.assert(property, { numRuns: rounds, seed: faultSeed });
  recordFaults({ group, fault, rounds, ends });
}

async function endOf<Input>(
  read: (input: Input) => unknown,
  input: Input,
  mayThrow: (error: unknown) => boolean = () => false,
): Promise<string> {
  try {
    await read(input);
    return 'read, or passed over';
  } catch (error) {
    if (error instanceof AppError && codes.includes(error.exitCode)) {
      if (/^\s+at |\[object Object\]|ZodError/m.test(error.message))
        throw new Error(`a message for nobody: ${error.message}`, { cause: error });
      return `refused: ${error.code}`;
    }
    if (error instanceof StorageError) return `refused: ${error.failure}`;
    if (mayThrow(error)) return 'refused';
    throw error;
  }
}
