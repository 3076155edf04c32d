import type { AlertEvent } from '../domain/alerts/alert.ts';
import type { LimitConfig } from './limit-settings.ts';
import type { LogConfig } from './log-settings.ts';
import type { ScheduleConfig } from './schedule-settings.ts';

/** A validated configuration of one project: what the rest of the program works with. Secrets are `Secret`s: they never print. */
export interface ProjectConfig {
  /** PROJECT_NAME. */
  readonly project: string;
  /** The env file it was read from, for messages; undefined when it came from the environment alone. */
  readonly envFile: string | undefined;
  /** The database that is backed up (or, of a target, restored into). Undefined without one: backups hold Storage alone then. */
  readonly database: ConnectionConfig | undefined;
  /** Undefined without a key: backups have no objects then. */
  readonly storage: StorageConfig | undefined;
  /** STORAGE_RETRIES: how often an object is asked for, or sent, again before it is given up; also with targets. */
  readonly storageRetries: number;
  readonly repository: RepositoryConfig;
  readonly retention: RetentionConfig;
  /** When the long-running agent does what. */
  readonly schedule: ScheduleConfig;
  /** VERIFY_CONTENT: whether a backup hashes the rows of each table. */
  readonly verifyContent: boolean;
  /** MIGRATION_DRIFT: whether a backup compares the schema with the project's migrations. */
  readonly migrationDrift: 'auto' | 'off';
  readonly alerts: AlertConfig;
  /** STATE_DIR: run history, archive index, Borg's cache, work directories; a directory for each project below it. */
  readonly stateDirectory: string;
  /** PG_BIN_DIR: where to look for PostgreSQL's client programs before anywhere else. */
  readonly postgresBinDirectory: string | undefined;
  /** METRICS_FILE: where each run leaves its metrics for node_exporter. */
  readonly metricsFile: string | undefined;
  /** RESTORE_ALLOWED: whether this project may be a restore target. */
  readonly restoreAllowed: boolean;
  readonly limits: LimitConfig;
  readonly logs: LogConfig;
}

export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Undefined where the server asks for none (peer, trust, certificates). */
  readonly password: Secret | undefined;
  readonly sslMode: SslMode;
  /** Path of the CA certificate (SUPABASE_DB_CA_FILE, or sslrootcert of the URL). */
  readonly sslRootCertificate: string | undefined;
  /** `-c name=value ...`: settings of the session that neither the database's nor the role's get past. */
  readonly options?: string;
}

export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** How the Storage API of a project is reached. */
export interface StorageConnection {
  /** Of the project, without a slash at its end; the API lies below it, at /storage/v1. */
  readonly url: string;
  /** A service_role JWT or a secret key (sb_secret_...). */
  readonly key: Secret;
}

export interface StorageConfig extends StorageConnection {
  /** How many objects are transferred at a time. */
  readonly concurrency: number;
  /** Globs for createStorageFilter. */
  readonly buckets: readonly string[];
  readonly exclude: readonly string[];
  /** What one run downloads at most; undefined for no limit. */
  readonly maxEgressBytes: number | undefined;
}

export interface RepositoryConfig {
  /** BORG_REPO: an absolute path, or ssh://user@host:port/path. */
  readonly location: string;
  readonly passphrase: Secret;
  /** BORG_RSH and BORG_REMOTE_PATH, handed to Borg as they are. */
  readonly remoteShell: string | undefined;
  readonly remotePath: string | undefined;
  /** How long Borg waits for somebody else who uses the repository. */
  readonly lockWaitMs: number;
}

export interface RetentionConfig {
  readonly days: number;
  readonly minimumBackups: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

/** Who is told how runs end, and when a backup is late (NOTIFY_..., LATE_AFTER). */
export interface AlertConfig {
  readonly targets: readonly AlertTarget[];
  /** How old the newest complete backup may be; undefined unless set. */
  readonly lateAfterMs: number | undefined;
}

/** One way to tell, and of what it tells. URLs hold tokens and passwords. */
export type AlertTarget = { readonly url: Secret; readonly on: readonly AlertEvent[] } & (
  | { readonly kind: 'webhook'; readonly secret: Secret | undefined }
  | { readonly kind: 'ping' }
  | { readonly kind: 'email'; readonly from: string; readonly to: readonly string[] }
  | { readonly kind: 'ntfy'; readonly token: Secret | undefined }
  | { readonly kind: 'slack' }
);

/** What a restore goes into: another project's configuration, of which only these are needed. */
export interface TargetConfig {
  readonly project: string;
  readonly envFile: string | undefined;
  /** Undefined where Storage alone is configured. */
  readonly database: ConnectionConfig | undefined;
  /** Undefined without a key: no objects can be restored then. */
  readonly storage: StorageConnection | undefined;
  readonly restoreAllowed: boolean;
}

/** A value that shows itself only when it is asked to: in logs, JSON and error texts it stands as `***`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: for the one place that hands it to a tool. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}
