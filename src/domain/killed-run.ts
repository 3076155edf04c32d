/** What the run history says of a run that never told its end: who killed it, or what, nobody knows. */
export const killedRun = {
  status: 'failed',
  errorCode: 'interrupted',
  errorMessage: 'the process ended without a word (killed, or the machine went down)',
} as const;
