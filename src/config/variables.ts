import { metricsVariables } from './metrics-variables.ts';
import { alertVariables } from './alert-variables.ts';
import { limitVariables } from './limit-variables.ts';
import { logVariables } from './log-variables.ts';
import { scheduleVariables } from './schedule-variables.ts';
import type { Variable } from './variable.ts';

const database = 'The database to back up';
const storage = 'Storage: buckets and their objects';
const repository = 'The Borg repository';
const contents = 'What a backup looks at';
const retention = 'How long backups are kept';
const machine = 'This machine';
const target = 'A target for restores';
const testTarget = 'A second project to restore into: agent restore latest --to test';

/** Every variable there is: the schema, `.env.example` and `agent config show` are made from this table. */
export const variables = {
  PROJECT_NAME: {
    section: 'The project',
    description:
      'Short name of the project: backups are called NAME-20261121T020000Z. Letters, digits, dot, dash and underscore; do not change it later.',
    required: true,
    example: 'my-project',
  },
  SUPABASE_DB_URL: {
    section: database,
    description:
      'Connection string, postgresql://USER:PASSWORD@HOST:5432/DATABASE; of a hosted project the direct connection or the session pooler (port 5432), not the transaction pooler (6543). Any PostgreSQL will do. Without a database, but with a key and SUPABASE_URL, backups hold Storage alone, and less is known of its objects (docs/restore.md).',
    secret: true,
    required: true,
  },
  SUPABASE_PROJECT_REF: {
    section: database,
    description:
      'Instead of the connection string: the 20 letters that stand in the URL of your project, https://REF.supabase.co. Needs SUPABASE_DB_PASSWORD.',
    example: 'abcdefghijklmnopqrst',
  },
  SUPABASE_DB_PASSWORD: {
    section: database,
    description:
      'Password of the database user; any characters, nothing has to be percent-encoded. Also used for a connection string without one.',
    secret: true,
  },
  SUPABASE_DB_HOST: {
    section: database,
    description:
      'Host of the session pooler, for machines without IPv6, which the direct connection needs; without it db.REF.supabase.co.',
    example: 'aws-0-eu-central-1.pooler.supabase.com',
  },
  SUPABASE_DB_CA_FILE: {
    section: database,
    description:
      'File with the CA certificate of the server (Supabase: Database, Settings, SSL configuration). With it the server has to prove who it is (verify-full).',
    path: true,
    example: '/etc/supabase-backup/prod-ca-2021.crt',
  },
  SUPABASE_SERVICE_ROLE_KEY: {
    section: storage,
    description:
      'The service_role key (a JWT) of the project, or a secret key, sb_secret_... (Supabase: Settings, API keys). With it backups hold all objects of Storage, too; without it they hold none.',
    secret: true,
  },
  SUPABASE_SECRET_KEY: {
    section: storage,
    description: 'Another name for SUPABASE_SERVICE_ROLE_KEY; one of them is enough.',
    secret: true,
  },
  SUPABASE_URL: {
    section: storage,
    description:
      'URL of the project. Only needed where the database does not tell it: self-hosted, behind a domain of your own, or where no database is given. Otherwise it is https://REF.supabase.co.',
    example: 'https://abcdefghijklmnopqrst.supabase.co',
  },
  STORAGE_BUCKETS: {
    section: storage,
    description:
      'Globs with commas between them: only these buckets (avatars, public-*) and objects (videos/cut/**) are backed up. Without it all are.',
    example: 'avatars,public-*,videos/cut/**',
  },
  STORAGE_EXCLUDE: {
    section: storage,
    description:
      'Globs of buckets and objects that are not backed up, whatever STORAGE_BUCKETS says. A backslash makes a sign such as * or a comma stand for itself.',
    example: 'cache,videos/raw/**,**/*.tmp',
  },
  STORAGE_CONCURRENCY: {
    section: storage,
    description: 'How many objects are transferred at a time, 1 to 256.',
    defaultValue: '16',
  },
  STORAGE_RETRIES: {
    section: storage,
    description:
      'How often an object is asked for or sent again when the server fails, 0 to 10, after waits of about half a second, one, two, four ... Then it is given up, and named.',
    defaultValue: '5',
  },
  STORAGE_MAX_EGRESS: {
    section: storage,
    description:
      'How much one backup downloads at most (10GB, 500MB, 2GiB, or bytes); the next one goes on where it stopped, and until nothing is left backups are incomplete. Without it there is no limit.',
    example: '10GB',
  },
  BORG_REPO: {
    section: repository,
    description: 'Where the backups go: an absolute path, or ssh://USER@HOST:PORT/PATH.',
    required: true,
    example: '/var/backups/my-project',
  },
  BORG_PASSPHRASE: {
    section: repository,
    description:
      'Passphrase that encrypts the repository. Without it, and without the key (agent init --export-key FILE), no backup can be read: keep both elsewhere too.',
    secret: true,
    required: true,
  },
  BORG_RSH: {
    section: repository,
    description: 'Command that Borg uses instead of ssh for a remote repository.',
    example: 'ssh -i /root/.ssh/backup -o BatchMode=yes',
  },
  BORG_REMOTE_PATH: { section: repository, description: 'Name of the borg program on the remote host.', example: 'borg1' },
  BORG_LOCK_WAIT: {
    section: repository,
    description:
      'How long to wait while somebody else uses the repository (90s, 10m, 1h). Where several projects share one, longer than the longest backup.',
    defaultValue: '30s',
  },
  VERIFY_CONTENT: {
    section: contents,
    description:
      'Whether a backup also hashes the rows of each table, so that a restore can compare what they say and not only how many there are. Reads every table once more.',
    defaultValue: 'false',
  },
  MIGRATION_DRIFT: {
    section: contents,
    description:
      'Whether a backup replays the migrations of the Supabase CLI on a scratch server and tells how the schema differs from them: auto (when there are migrations) or off. Needs the server programs of PostgreSQL beside pg_dump.',
    defaultValue: 'auto',
  },
  RETENTION_DAYS: {
    section: retention,
    description: 'All backups of so many days are kept, counted from the newest complete one.',
    defaultValue: '21',
  },
  RETENTION_MIN_BACKUPS: {
    section: retention,
    description: 'So many complete backups are kept, however old they are.',
    defaultValue: '3',
  },
  RETENTION_DAILY: {
    section: retention,
    description: 'Besides, the newest complete backup of each of so many days that have one.',
    defaultValue: '0',
  },
  RETENTION_WEEKLY: {
    section: retention,
    description: 'Besides, the newest complete backup of each of so many weeks that have one.',
    defaultValue: '0',
  },
  RETENTION_MONTHLY: {
    section: retention,
    description: 'Besides, the newest complete backup of each of so many months that have one.',
    defaultValue: '0',
  },
  ...scheduleVariables,
  STATE_DIR: {
    section: machine,
    description:
      "Directory for the run history, work files, Borg's cache and the mirror of Storage, which is as large as all its objects; by default /var/lib/supabase-backup for root, ~/.local/state/supabase-backup for others.",
    path: true,
    example: '/var/lib/supabase-backup',
  },
  PG_BIN_DIR: {
    section: machine,
    description:
      "Directory with pg_dump and pg_restore, if PATH and /usr/lib/postgresql do not have them in the server's version or newer.",
    path: true,
    example: '/usr/lib/postgresql/17/bin',
  },
  ...limitVariables,
  ...metricsVariables,
  ...alertVariables,
  ...logVariables,
  RESTORE_ALLOWED: {
    section: target,
    description: 'Whether `agent restore` may write into the database above; leave it at false for a project in use.',
    defaultValue: 'false',
  },
  TEST_PROJECT_NAME: {
    section: testTarget,
    description: 'Name of the target, which has to be typed to confirm a restore.',
    defaultValue: 'test',
  },
  TEST_SUPABASE_DB_URL: { section: testTarget, description: 'Connection string of the target.', secret: true },
  TEST_SUPABASE_PROJECT_REF: {
    section: testTarget,
    description: 'Instead of the connection string: the 20 letters of the target. Needs TEST_SUPABASE_DB_PASSWORD.',
    example: 'tsrqponmlkjihgfedcba',
  },
  TEST_SUPABASE_DB_PASSWORD: {
    section: testTarget,
    description: "Password of the target's database user.",
    secret: true,
  },
  TEST_SUPABASE_DB_HOST: {
    section: testTarget,
    description: 'Host of the session pooler of the target.',
    example: 'aws-0-eu-central-1.pooler.supabase.com',
  },
  TEST_SUPABASE_DB_CA_FILE: {
    section: testTarget,
    description: "File with the CA certificate of the target's server.",
    path: true,
    example: '/etc/supabase-backup/prod-ca-2021.crt',
  },
  TEST_SUPABASE_SERVICE_ROLE_KEY: {
    section: testTarget,
    description: 'The service_role key or a secret key of the target, for restores of Storage.',
    secret: true,
  },
  TEST_SUPABASE_SECRET_KEY: {
    section: testTarget,
    description: 'Another name for TEST_SUPABASE_SERVICE_ROLE_KEY; one of them is enough.',
    secret: true,
  },
  TEST_SUPABASE_URL: {
    section: testTarget,
    description: 'URL of the target, where its database does not tell it.',
    example: 'https://tsrqponmlkjihgfedcba.supabase.co',
  },
  TEST_RESTORE_ALLOWED: {
    section: testTarget,
    description: 'Whether `agent restore --to test` may write into the target.',
    defaultValue: 'false',
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** The table as a list, in its order. */
export const variableList: readonly (Variable & { readonly name: VariableName })[] = Object.entries(variables).map(
  ([name, variable]) => ({ name: name as VariableName, ...(variable as Variable) }),
);

/** Every name that may stand in an env file: those of the table, and of secrets NAME_FILE and NAME_COMMAND. */
export const knownNames: ReadonlySet<string> = new Set(
  variableList.flatMap(({ name, secret }) => (secret === true ? [name, `${name}_FILE`, `${name}_COMMAND`] : [name])),
);
