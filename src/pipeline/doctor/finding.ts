import { AppError, messageOf } from '../../errors.ts';

/** What one check of the doctor has found. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What mends it; may have several lines. */
  readonly remedy: string | undefined;
}

export function ok(check: string, detail: string): Finding {
  return { check, state: 'ok', detail, remedy: undefined };
}

export function warn(check: string, detail: string, remedy: string): Finding {
  return { check, state: 'warning', detail, remedy };
}

export function fail(check: string, detail: string, remedy: string): Finding {
  return { check, state: 'failed', detail, remedy };
}

/** Makes a finding of whatever a check threw. */
export function failBy(check: string, error: unknown): Finding {
  const remedy =
    error instanceof AppError
      ? error.hint
      : 'This is a defect of the agent: please report it, with what `--log-level debug` prints.';
  return fail(check, messageOf(error), remedy);
}

/** Runs checks; what they throw is a finding, too, so that the others still have their turn. */
export async function attempt(check: string, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [failBy(check, error)];
  }
}

/** 512 MiB, 3.2 GiB. */
export function describeBytes(bytes: number): string {
  const mebibyte = 1024 ** 2;
  return bytes < 1024 * mebibyte ? `${Math.round(bytes / mebibyte)} MiB` : `${(bytes / (1024 * mebibyte)).toFixed(1)} GiB`;
}
