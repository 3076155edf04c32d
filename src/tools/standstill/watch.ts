import type { Clock } from '../../context.ts';
import {
  addLook,
  chooseIntervalMs,
  describeStandstill,
  hasMoved,
  inMotion,
  type Activity,
  type ServerVerdict,
  type StillThing,
} from '../../domain/standstill.ts';
import { AppError } from '../../errors.ts';

/** Something that is waited for, and may hang: a program, a query. */
export interface Watchable {
  readonly name: string;
  /** What it has done so far; undefined when it is over. */
  measure(): Promise<(Activity & Partial<Pick<StillThing, 'why'>>) | undefined>;
  /** Ends it. */
  end(reason: AppError): void;
}

/** A server that works for us, also while nothing of ours moves. */
export interface WatchedServer {
  readonly name: string;
  ask(): Promise<ServerVerdict>;
}

export interface WatchOptions {
  /** STALL_LIMIT; undefined for never. */
  readonly limitMs: number | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called once, before each of the things is ended. */
  readonly onStandstill: (reason: AppError) => void;
}

/**
 * Ends a command in which nothing moves any more. All that is waited for is looked at together: a Borg that waits for a pg_dump, which waits
 * for its server, does not hang as long as the server works; and which of them is at fault when nothing moves, the last words say (ADR 13).
 */
export class StandstillWatch {
  readonly #options: WatchOptions;
  readonly #things = new Map<Watchable, { last: Activity | undefined; why: StillThing['why'] }>();
  readonly #servers = new Map<string, { readonly server: WatchedServer; users: number; verdict: ServerVerdict | undefined }>();
  #timer: NodeJS.Timeout | undefined;
  #stillness = inMotion;
  #changed = false;
  #asking = false;
  #lookedAtMs = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** From now on, until the function is called that this returns. */
  watch(thing: Watchable): () => void {
    if (this.#options.limitMs === undefined) return () => undefined;
    this.#things.set(thing, { last: undefined, why: undefined });
    this.#changed = true;
    if (this.#timer === undefined) {
      this.#lookedAtMs = this.#options.clock.monotonicMs();
      this.#schedule(this.#options.limitMs);
    }
    return () => {
      this.#changed = this.#things.delete(thing) || this.#changed;
    };
  }

  /** Asks this server, too, before anything counts as hanging; until the function is called that this returns. */
  addServer(key: string, server: WatchedServer): () => void {
    const entry = this.#servers.get(key) ?? { server, users: 0, verdict: undefined };
    entry.users += 1;
    this.#servers.set(key, entry);
    return () => {
      entry.users -= 1;
      if (entry.users === 0) this.#servers.delete(key);
    };
  }

  #schedule(limitMs: number): void {
    this.#timer = setTimeout(() => void this.#look(limitMs), chooseIntervalMs(limitMs)).unref();
  }

  async #look(limitMs: number): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const moved = (await this.#measureAll(elapsedMs)) || this.#changed;
    this.#changed = false;
    this.#stillness = addLook(this.#stillness, { moved, elapsedMs }, chooseIntervalMs(limitMs));
    if (moved) for (const entry of this.#servers.values()) entry.verdict = undefined;
    this.#timer = undefined;
    if (this.#things.size === 0) return;
    const { stillMs } = this.#stillness;
    if (stillMs >= limitMs) {
      this.#end(limitMs);
      return;
    }
    // More than once, if need be: one connection may fail.
    if (stillMs >= limitMs / 2 && !this.#asking) void this.#askServers();
    this.#schedule(limitMs);
  }

  async #measureAll(elapsedMs: number): Promise<boolean> {
    const moves = await Promise.all(
      [...this.#things].map(async ([thing, entry]) => {
        const now = await thing.measure();
        const { last } = entry;
        entry.last = now;
        entry.why = now?.why;
        return last === undefined || now === undefined ? last !== now : hasMoved(last, now, elapsedMs);
      }),
    );
    return moves.includes(true);
  }

  async #askServers(): Promise<void> {
    this.#asking = true;
    const entries = [...this.#servers.values()];
    for (const entry of entries) entry.verdict ??= { state: 'silent' };
    await Promise.all(
      entries.map(async (entry) => {
        entry.verdict = await entry.server.ask();
        if (entry.verdict.state === 'works') this.#changed = true;
      }),
    );
    this.#asking = false;
  }

  #end(limitMs: number): void {
    const things = [...this.#things].map(([{ name }, { why }]) => ({ name, why }));
    const servers = [...this.#servers.values()].flatMap(({ server, verdict }) =>
      verdict === undefined ? [] : [[server.name, verdict] as const],
    );
    const { message, hint } = describeStandstill(limitMs, things, servers);
    const reason = new AppError('timed_out', message, { hint, retryable: true });
    const all = [...this.#things.keys()];
    this.#stillness = inMotion;
    this.#options.onStandstill(reason);
    for (const thing of all) thing.end(reason);
  }
}
