/** What something has done since it began, as far as it can be seen from outside. */
export interface Activity {
  /** Read and written. */
  readonly bytes: number;
  /** Of the processor. */
  readonly cpuMs: number;
}

/** How long nothing has moved, as far as somebody looked. */
export interface Stillness {
  readonly stillMs: number;
}

export const inMotion: Stillness = { stillMs: 0 };

const looksPerLimit = 20;
const longestIntervalMs = 60_000;

/** How often to look, so that there are many looks before something counts as hanging. */
export function chooseIntervalMs(limitMs: number): number {
  return Math.min(longestIntervalMs, limitMs / looksPerLimit);
}

/**
 * Below this share of a processor nothing is worked out: a Borg whose connection hangs wakes up once a second, which is 0.01 % (measured),
 * and a program that computes has nearly all of one.
 */
const leastCpuShare = 0.01;
/** In which the kernel counts. */
const cpuTickMs = 10;

/** Whether something has moved between two looks, `elapsedMs` apart. */
export function hasMoved(before: Activity, after: Activity, elapsedMs: number): boolean {
  if (before.bytes !== after.bytes) return true;
  return Math.abs(after.cpuMs - before.cpuMs) >= Math.max(cpuTickMs, elapsedMs * leastCpuShare);
}

/**
 * Adds what one look has seen. Of the time since the look before no more counts than two intervals: if the looks themselves did not come, the
 * machine slept, or this process was stopped, and nothing can be said of the others.
 */
export function addLook(
  before: Stillness,
  look: { readonly moved: boolean; readonly elapsedMs: number },
  intervalMs: number,
): Stillness {
  return look.moved ? inMotion : { stillMs: before.stillMs + Math.min(look.elapsedMs, 2 * intervalMs) };
}

/** What a server says of our sessions on it. */
export type ServerVerdict =
  /** It works for us, or at least it lives and will not say. */
  | { readonly state: 'works' }
  /** What it does for us waits for a lock that these sessions hold. */
  | { readonly state: 'waits'; readonly holders: readonly number[] }
  /** It waits for us. */
  | { readonly state: 'idle' }
  | { readonly state: 'silent' };

/** Something that has not moved. */
export interface StillThing {
  /** "borg create (process 123)". */
  readonly name: string;
  readonly why: 'stopped' | 'disk' | undefined;
}

/** What to tell of a standstill, and what to do about it. `servers` are names and verdicts. */
export function describeStandstill(
  limitMs: number,
  things: readonly StillThing[],
  servers: readonly (readonly [name: string, verdict: ServerVerdict])[],
): { readonly message: string; readonly hint: string } {
  const names = things.map(({ name, why }) => (why === undefined ? name : `${name}, ${whys[why]}`)).join('; ');
  const told = servers.flatMap(([name, verdict]) => describeVerdict(name, verdict));
  const message = `For ${describeLimit(limitMs)} nothing has moved: ${[names, ...told].join('. ')}. All of it was ended.`;
  return { message, hint: `${chooseHint(things, servers)} If it was only slow: raise STALL_LIMIT.` };
}

const whys = {
  stopped: 'which is stopped',
  disk: 'which waits for a disk',
};

function describeVerdict(name: string, verdict: ServerVerdict): string[] {
  if (verdict.state === 'silent') return [`${name} does not answer`];
  if (verdict.state === 'waits') return [`${name} waits for a lock that is held by ${listSessions(verdict.holders)}`];
  return verdict.state === 'idle' ? [`${name} answers, but does nothing for us`] : [];
}

function listSessions(pids: readonly number[]): string {
  return pids.length === 0 ? 'another session' : `session ${pids.join(', ')}`;
}

function chooseHint(things: readonly StillThing[], servers: readonly (readonly [string, ServerVerdict])[]): string {
  const verdicts = servers.map(([, verdict]) => verdict);
  const waiting = verdicts.find((verdict) => verdict.state === 'waits');
  if (waiting !== undefined) {
    return `Look in pg_stat_activity what ${listSessions(waiting.holders)} does, and end it (pg_terminate_backend), or wait for it; then start this again.`;
  }
  if (things.some(({ why }) => why === 'stopped')) {
    return 'Find out who has stopped it (SIGSTOP, a debugger, a frozen cgroup), then start this again.';
  }
  if (things.some(({ why }) => why === 'disk')) {
    return 'See to that disk or network file system (dmesg, mount), then start this again.';
  }
  if (verdicts.some(({ state }) => state === 'silent')) {
    return 'See to that server and the network between (firewall, pooler), then start this again.';
  }
  return 'See to the network between here, the database and the repository, then start this again.';
}

/** 90 s, 30 min, 22 h. */
export function describeLimit(ms: number): string {
  const units = [
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const;
  const unit = units.find(([size]) => ms >= size && ms % size === 0);
  return unit === undefined ? `${ms / 1000} s` : `${ms / unit[0]} ${unit[1]}`;
}
