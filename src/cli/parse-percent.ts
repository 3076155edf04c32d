import { InvalidArgumentError } from 'commander';

/** The value of an option such as --sample. */
export function parsePercent(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (percent <= 0 || percent > 100) throw new InvalidArgumentError('It has to be a number above 0, up to 100.');
  return percent;
}
