import type { RunStatus } from '../exit-code.ts';

/** What somebody can be told of (NOTIFY_ON). */
export const alertEvents = ['failure', 'incomplete', 'recovered', 'success', 'late'] as const;
export type AlertEvent = (typeof alertEvents)[number];

/** `start` is for pings alone; `test` is what `agent notify-test` sends. */
export type MessageEvent = AlertEvent | 'start' | 'test';

/** The ways in which people and monitors are told. */
export const alertKinds = ['webhook', 'ping', 'email', 'ntfy', 'slack'] as const;
export type AlertKind = (typeof alertKinds)[number];

export interface AlertedRun {
  readonly command: 'backup' | 'restore' | 'verify' | 'prune' | 'drill';
  /** Undefined of a run that begins. */
  readonly status: RunStatus | undefined;
  readonly backupId: string | undefined;
  readonly startedAt: Date;
  /** Undefined of a run that begins, or was killed. */
  readonly durationMs: number | undefined;
  readonly exitCode: number | undefined;
}

/** What is told. Holds no secret and no line of the log. */
export interface Alert {
  /** The same over every kind and in every attempt: receivers know repetitions by it. */
  readonly id: string;
  /** What it is, the most telling name first: whoever is told takes the first that was asked for. */
  readonly events: readonly MessageEvent[];
  readonly project: string;
  readonly hostname: string;
  readonly agentVersion: string;
  readonly at: Date;
  readonly run: AlertedRun | undefined;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  /** Why a backup is late, or good again. */
  readonly reason: string | undefined;
  /** The components that an incomplete backup does not hold. */
  readonly notCaptured: readonly string[];
  readonly lastComplete: { readonly backupId: string; readonly startedAt: Date } | undefined;
}
