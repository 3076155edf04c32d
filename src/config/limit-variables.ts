import type { Variable } from './variable.ts';

const limits = 'Time limits';

/** How long things may take (docs/service.md, "Time limits"). */
export const limitVariables = {
  STALL_LIMIT: {
    section: limits,
    description:
      'After which time a command is ended that hangs: no program of it has moved a byte or used the processor, and no server worked for it (90s, 30m, 2h), or off. What is slow, but moves, may take as long as it likes.',
    defaultValue: '30m',
  },
  RUN_LIMIT: {
    section: limits,
    description:
      "After which time a run (backup, restore, verify, prune) is ended even though it moves, or off. Below the 23 hours of systemd's units, so that the run says why it ends.",
    defaultValue: '22h',
  },
} as const satisfies Record<string, Variable>;
