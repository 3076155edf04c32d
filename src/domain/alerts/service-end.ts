/** How a unit of systemd ended, as it tells the unit that OnFailure= starts (systemd.exec(5), MONITOR_...; since systemd 251). */
export interface ServiceEnd {
  readonly unit: string | undefined;
  /** `exit-code`, `signal`, `core-dump`, `watchdog`, `oom-kill`, `timeout`, `start-limit-hit` ... */
  readonly result: string | undefined;
  /** `exited`, `killed` or `dumped`. */
  readonly exitCode: string | undefined;
  /** The exit code of the process, or the name of the signal. */
  readonly exitStatus: string | undefined;
  readonly invocationId: string | undefined;
}

export interface ServiceFacts {
  readonly end: ServiceEnd;
  /** Whether the newest run has never told how it ended, and goes on no more. */
  readonly killed: boolean;
  /** The start of a unit whose run has last told that it did not end well, and milliseconds since. */
  readonly told: { readonly invocationId: string; readonly agoMs: number } | undefined;
  /** Milliseconds since the newest run ended that was not good; undefined where it was, or there is none. */
  readonly sinceBadEndMs: number | undefined;
}

/** Longer than the agent needs to tell of an end over a server that does not answer. */
const recentlyMs = 10 * 60_000;

/** Whether the run has told of its end by itself, so that nobody has to be told again. */
export function hasToldItsEnd({ end, killed, told, sinceBadEndMs }: ServiceFacts): boolean {
  if (killed || end.exitCode === 'killed' || end.exitCode === 'dumped') return false;
  if (end.invocationId === undefined) return isRecent(sinceBadEndMs);
  // One start of the long-running agent has many runs: what one of them has told long ago says nothing of how that ended.
  return end.invocationId === told?.invocationId && isRecent(told.agoMs);
}

/** Systemd's own exit codes, of a unit whose program did not even begin (systemd.exec(5), "Process Exit Codes"). */
const firstOfSystemd = 200;

/** Whether the program itself ended, by its own will: what it could tell without any configuration or state it has told. */
export function hasEndedByItself({ exitCode, exitStatus }: Pick<ServiceEnd, 'exitCode' | 'exitStatus'>): boolean {
  return exitCode === 'exited' && Number(exitStatus) < firstOfSystemd;
}

function isRecent(agoMs: number | undefined): boolean {
  return agoMs !== undefined && agoMs <= recentlyMs;
}

const results: Readonly<Record<string, string>> = {
  watchdog: 'did not answer any more and was ended by the watchdog',
  'oom-kill': 'was killed because memory had run out',
  timeout: 'took longer than it may and was ended',
  'start-limit-hit': 'was started too often in a short time, and is not started any more',
};

/** The long-running agent tells of its own runs as systemd tells of units, but for the unit, which lives on. Before 251 systemd told nothing. */
function nameEnded({ unit, exitCode }: Pick<ServiceEnd, 'unit' | 'exitCode'>): string {
  if (unit !== undefined) return `The service ${unit}`;
  return exitCode === undefined ? 'The service' : 'The run';
}

/** What became of it, for people. */
export function describeServiceEnd({ unit, result, exitCode, exitStatus }: ServiceEnd): string {
  const what = nameEnded({ unit, exitCode });
  const known = result === undefined ? undefined : results[result];
  if (known !== undefined) return `${what} ${known}.`;
  if (exitCode === 'killed' || exitCode === 'dumped') return `${what} was ended by the signal ${exitStatus ?? '(unknown)'}.`;
  if (exitCode === 'exited') return `${what} ended with exit code ${exitStatus ?? '(unknown)'} before it could tell why.`;
  return `${what} could not be started, or ended without a word${result === undefined ? '' : ` (${result})`}.`;
}
