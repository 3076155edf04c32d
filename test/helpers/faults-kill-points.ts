import type { Program, Victim } from './faults-victims.ts';

/** What the tests of kills run: `restore` of a whole backup in one transaction, into an empty target unless it says --clean. */
export type KilledCommand = 'backup' | 'prune' | 'restore' | 'restore --clean' | 'restore --jobs=2' | 'drill';

/** Where in a run somebody is killed. */
export interface KillPoint {
  readonly title: string;
  readonly command: KilledCommand;
  /** A part of a line of the log (level debug), or a program that appears. */
  readonly when: string | ((program: Program) => boolean);
  readonly victim: Victim;
  /** The error's code where the agent lives and fails; undefined where it may also end well, having begun again. */
  readonly error?: string;
}

const isBorg = (verb: string) => (program: Program) => program.name === 'borg' && program.commandLine.includes(` ${verb} `);
const isDump = (program: Program): boolean => program.name === 'pg_dump' && program.commandLine.includes('full.dump');
const isScript = (program: Program): boolean => program.name === 'psql' && program.commandLine.includes('restore.sql');
const isRead = (program: Program): boolean => isBorg('extract')(program) && program.commandLine.includes('manifest.json');
/** Borg before 1.2.6 renames by making a new archive and deleting the old one. */
const isRename = (program: Program): boolean => isBorg('recreate')(program) || isBorg('rename')(program);

/** The points at which a kill could leave something half done. */
export const killPoints: readonly KillPoint[] = [
  { title: 'the agent as it opens its snapshot', command: 'backup', when: '"stage":"snapshot"', victim: 'agent' },
  { title: 'the agent behind the first part', command: 'backup', when: '"part":"RECOVERY.md"', victim: 'agent' },
  { title: 'the agent between two dumps', command: 'backup', when: '"part":"database/schema.sql"', victim: 'agent' },
  { title: 'the agent in the dump', command: 'backup', when: isDump, victim: 'agent' },
  { title: 'the agent and all its programs in the dump', command: 'backup', when: isDump, victim: 'all' },
  { title: 'pg_dump in the dump', command: 'backup', when: isDump, victim: 'pg_dump', error: 'dump_failed' },
  { title: 'borg in the dump', command: 'backup', when: isDump, victim: 'borg', error: 'repository_failed' },
  { title: 'the server in the dump', command: 'backup', when: isDump, victim: 'server' },
  { title: 'the agent behind the manifest', command: 'backup', when: '"part":"manifest.json"', victim: 'agent' },
  { title: 'the agent as the archive is read back', command: 'backup', when: '"stage":"verify"', victim: 'agent' },
  {
    title: 'borg as the archive is read back',
    command: 'backup',
    when: isRead,
    victim: 'borg',
    error: 'repository_failed',
  },
  { title: 'the agent as the archive gets its name', command: 'backup', when: isRename, victim: 'agent' },
  { title: 'the agent and borg as the archive gets its name', command: 'backup', when: isRename, victim: 'all' },
  { title: 'the agent at its retention', command: 'backup', when: '"stage":"retention"', victim: 'agent' },
  { title: 'the agent as archives are deleted', command: 'prune', when: isBorg('delete'), victim: 'agent' },
  { title: 'the agent and borg as archives are deleted', command: 'prune', when: isBorg('delete'), victim: 'all' },
  {
    title: 'borg as archives are deleted',
    command: 'prune',
    when: isBorg('delete'),
    victim: 'borg',
    error: 'repository_failed',
  },
  { title: 'borg as it compacts', command: 'prune', when: isBorg('compact'), victim: 'borg', error: 'repository_failed' },
  { title: 'the agent in the transaction', command: 'restore', when: isScript, victim: 'agent' },
  { title: 'the agent and all its programs in the transaction', command: 'restore', when: isScript, victim: 'all' },
  { title: 'psql in the transaction', command: 'restore', when: isScript, victim: 'psql', error: 'restore_failed' },
  { title: 'pg_restore in the transaction', command: 'restore', when: isScript, victim: 'pg_restore', error: 'restore_failed' },
  { title: 'borg in the transaction', command: 'restore', when: isScript, victim: 'borg', error: 'repository_failed' },
  { title: 'the server in the transaction', command: 'restore', when: isScript, victim: 'server', error: 'restore_failed' },
  {
    title: 'the agent and initdb as the scratch server is made',
    command: 'drill',
    when: ({ name }) => name === 'initdb',
    victim: 'all',
  },
  { title: 'the agent with a scratch server', command: 'drill', when: '"stage":"analyze"', victim: 'agent' },
  {
    title: 'the scratch server in the restore',
    command: 'drill',
    when: isScript,
    victim: 'scratch server',
    error: 'restore_failed',
  },
];
