import type { Alert, AlertKind, MessageEvent } from './domain/alerts/alert.ts';

/** How this process was started. */
export interface Invocation {
  /** Somebody at a terminal looks on, and knows that he has interrupted a run, or mistyped an option. */
  readonly attended: boolean;
  /** Whether it waits for another run of the project (--take-turns). */
  readonly takesTurns: boolean;
  /** Systemd's id of this start of the unit (INVOCATION_ID); undefined elsewhere. */
  readonly id: string | undefined;
}

/** Tells people and monitors what happened. Never rejects: what did not arrive is told by the answer. */
export interface Notifier {
  /** The ways that are configured. */
  readonly kinds: readonly AlertKind[];
  /** Over all of them that want it, at once; or over one. */
  send(alert: Alert, only?: AlertKind): Promise<readonly Delivery[]>;
}

/** What became of an alert over one of the ways: an answer, or an error, which holds no secret. */
export interface Delivery {
  readonly kind: AlertKind;
  readonly event: MessageEvent;
  /** What the server said: `HTTP 200`. */
  readonly answer: string | undefined;
  readonly error: string | undefined;
}

/**
 * What alerts have to remember: when the project, and a schedule of its own for Storage, was first looked at, when it was told that a
 * backup is late (until it is good again), and which start of a systemd unit has told of a bad end, and when.
 */
export type AlertFact = 'first_seen_at' | 'storage_seen_at' | 'late_told_at' | 'told_invocation';
