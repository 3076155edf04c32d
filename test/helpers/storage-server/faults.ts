import { createRandom } from '../random.ts';

/** What goes wrong with one request. Bytes are those of the answer's body, or of the request's where it uploads. */
export type FaultEffect =
  /** 429 and 5xx: JSON, or HTML as gateways send for 502 to 504. `retryAfter`: seconds, or a date. */
  | { readonly kind: 'status'; readonly status: 429 | 500 | 502 | 503 | 504; readonly retryAfter?: number | Date }
  /** The connection is reset: after so many bytes of a body, or before any answer unless given. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Content-Length is true, then so many bytes fewer come, and the connection ends orderly. */
  | { readonly kind: 'short'; readonly missingBytes: number }
  /** A body of another size, and a Content-Length that agrees with it: cut, or filled up with zeros. */
  | { readonly kind: 'wrong-length'; readonly bytes: number }
  /** The right number of bytes, the first of them another one. */
  | { readonly kind: 'corrupt' }
  /** Nothing more comes: before any header, or after so many bytes. The connection stays open. */
  | { readonly kind: 'hang'; readonly afterBytes?: number }
  /** 200 and a page, as a captive portal or a gateway in maintenance sends. */
  | { readonly kind: 'html' }
  /** The key is not taken (any more): `status` of a gateway, or the service's own 400 unless given. */
  | { readonly kind: 'refuse'; readonly status?: 401 | 403 }
  /** The body comes in pieces of so many bytes, that many milliseconds apart. */
  | { readonly kind: 'slow'; readonly pieceBytes: number; readonly everyMs: number }
  /** The request is served so many milliseconds late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The request is served after something else has happened: its object removed or replaced, a process killed. */
  | { readonly kind: 'meanwhile'; readonly action: () => Promise<unknown> }
  /** What was asked for is done, but the connection is reset instead of the answer. */
  | { readonly kind: 'lost-answer' };

/** Which requests a fault is for: those that all given conditions hold for. */
export interface RequestMatcher {
  readonly method?: string | readonly string[];
  /** Id of a bucket. */
  readonly bucket?: string;
  /** Of the object. */
  readonly name?: RegExp;
  /** Of the path after /storage/v1, as it was sent: `/object/list-v2/b`. */
  readonly path?: RegExp;
}

export interface Fault extends RequestMatcher {
  readonly effect: FaultEffect;
  /** How many matching requests pass first; none unless given. */
  readonly after?: number;
  /** How many requests it strikes; every one unless given. */
  readonly times?: number;
  /** Of a request to be struck, from 0 to 1; chosen by `seed` and the order of the matching requests. */
  readonly probability?: number;
  readonly seed?: number;
}

export interface ActiveFault {
  /** How many requests it struck so far. */
  readonly struck: number;
  remove(): void;
}

export interface FaultControls {
  /** Of several that match, the one added last strikes. */
  add(fault: Fault): ActiveFault;
  /** No request is struck from now on. */
  clear(): void;
  /** From now on no key is taken: the service's own answer to an expired one, or the status of a gateway. */
  expireKeys(status?: 401 | 403): ActiveFault;
}

/** What a request is about. */
export interface RequestSubject {
  readonly method: string;
  readonly path: string;
  readonly bucket: string | undefined;
  readonly name: string | undefined;
}

export interface FaultList extends FaultControls {
  /** Counts the request for every fault that matches it, and tells which effect strikes it. */
  strike(subject: RequestSubject): FaultEffect | undefined;
}

interface Entry {
  readonly fault: Fault;
  readonly random: () => number;
  seen: number;
  struck: number;
}

export function createFaults(initial: readonly Fault[] = []): FaultList {
  const entries: Entry[] = [];
  const add = (fault: Fault): ActiveFault => {
    const entry: Entry = { fault, random: createRandom(fault.seed ?? 1), seen: 0, struck: 0 };
    entries.push(entry);
    return {
      get struck() {
        return entry.struck;
      },
      remove() {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
      },
    };
  };
  for (const fault of initial) add(fault);
  return {
    add,
    clear: () => void entries.splice(0),
    expireKeys: (status) => add({ effect: { kind: 'refuse', ...(status === undefined ? {} : { status }) } }),
    strike(subject) {
      const candidates = entries.filter(({ fault }) => matches(fault, subject)).filter(isDue);
      const chosen = candidates.at(-1);
      if (chosen !== undefined) chosen.struck += 1;
      return chosen?.fault.effect;
    },
  };
}

/** Counts a matching request. */
function isDue(entry: Entry): boolean {
  const { after = 0, times = Infinity, probability = 1 } = entry.fault;
  entry.seen += 1;
  // Drawn for every request: which ones are struck must not depend on how often others were.
  const drawn = entry.random() < probability;
  return drawn && entry.seen > after && entry.struck < times;
}

export function matches(matcher: RequestMatcher, subject: RequestSubject): boolean {
  const methods = matcher.method === undefined ? undefined : [matcher.method].flat();
  if (methods !== undefined && !methods.includes(subject.method)) return false;
  if (matcher.bucket !== undefined && matcher.bucket !== subject.bucket) return false;
  if (matcher.name !== undefined && (subject.name === undefined || !matcher.name.test(subject.name))) return false;
  return matcher.path === undefined || matcher.path.test(subject.path);
}
