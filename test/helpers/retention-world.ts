import { readCatalog, type FreshArchive } from '../../src/archive/catalog.ts';
import { planPrune, removeArchives } from '../../src/archive/prune.ts';
import {
  formatArchiveName,
  formatBackupId,
  formatPartialName,
  parseBackupId,
  type ArchiveKind,
} from '../../src/domain/archive-name.ts';
import type { RunStatus } from '../../src/domain/exit-code.ts';
import type { RetentionRules } from '../../src/domain/retention.ts';
import { AppError } from '../../src/errors.ts';
import { prune } from '../../src/pipeline/prune.ts';
import { expectRemoved, type KnownBackup } from './retention-oracle.ts';
import {
  createMemoryState,
  createRetainedRepository,
  createRetentionContext,
  manifestOf,
  namesOfOthers,
} from './retained-repository.ts';

const hourMs = 3_600_000;

/** What is known of a backup without asking the agent. */
interface MadeBackup {
  readonly backupId: string;
  readonly group: KnownBackup['group'];
  readonly names: readonly string[];
  readonly status: 'complete' | 'incomplete';
  /** Its manifest is gone: noticed by whoever has not read it before. */
  damaged: boolean;
}

/** What one pruning has done, and should have done. */
export interface PruneOutcome {
  readonly refused: boolean;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly expected: readonly string[];
  /** What must be there afterwards, whatever else is true: the newest complete one, the newest that passed a drill, what is others'. */
  readonly sacred: readonly string[];
  /** How many complete backups there are afterwards of those whose floor is counted, and how many there have to be. */
  readonly complete: number;
  readonly floor: number;
}

/** A project whose clock jumps, whose runs fail, and whose repository others use as well: retention and `prune` are the agent's, the rest is told. */
export class RetentionWorld {
  readonly project = 'shop';
  readonly #store = createRetainedRepository();
  readonly #backups = new Map<string, MadeBackup>();
  readonly #others = new Set<string>();
  readonly #leftovers = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #drills = new Map<string, RunStatus>();
  readonly #context;
  #state = createMemoryState();
  #lastRun: RunStatus | undefined;
  #count = 0;
  nowMs = Date.UTC(2026, 10, 21, 2);
  rules: RetentionRules = { days: 21, minimumBackups: 3, daily: 0, weekly: 0, monthly: 0 };

  constructor() {
    this.#context = createRetentionContext({
      project: this.project,
      hostname: 'here',
      repository: this.#store.repository,
      rules: () => this.rules,
      state: () => this.#state,
      now: () => new Date(this.nowMs),
    });
  }

  close(): void {
    this.#state.close();
  }

  ids(): readonly string[] {
    return [...this.#backups.keys()];
  }

  /** A run that ends like that; after one that is complete retention follows, as in `agent backup`. */
  async backUp(
    ending: RunStatus | 'killed' | 'cancelled' | 'no_space',
    kinds: readonly ArchiveKind[],
  ): Promise<PruneOutcome | undefined> {
    const backupId = this.#nextId(this.project);
    const runId = this.#startRun('backup', backupId);
    const name = formatArchiveName(backupId, kinds[0]!);
    if (ending === 'killed') {
      this.#put(`${formatPartialName(name)}${this.#count % 2 === 0 ? '' : '.checkpoint'}`, undefined);
      this.#leftovers.add([...this.#store.archives.keys()].at(-1)!);
      this.#lastRun = 'failed';
      return undefined;
    }
    if (ending !== 'complete' && ending !== 'incomplete') {
      const codes = { failed: 'source_unreachable', cancelled: 'cancelled', no_space: 'no_space' } as const;
      this.#state.finishRun(runId, { status: 'failed', durationMs: 1, errorCode: codes[ending], errorMessage: 'no' });
      // A cancelled run says nothing; against one without room to prune is what helps.
      if (ending !== 'cancelled') this.#lastRun = ending === 'no_space' ? undefined : 'failed';
      return undefined;
    }
    const fresh = this.#add({
      backupId,
      status: ending,
      kinds,
      hostname: 'here',
      group: kinds.includes('database') ? 'database' : 'storage',
    });
    const outcome = await this.#clean(ending, fresh);
    this.#state.finishRun(runId, { status: ending, durationMs: 1, errorCode: undefined, errorMessage: undefined });
    this.#lastRun = ending;
    return outcome;
  }

  /** Of this project, by another machine, or before a restore: the history here knows nothing of it. */
  addElsewhere(status: 'complete' | 'incomplete', group: KnownBackup['group']): void {
    const backupId = this.#nextId(group === 'safety' ? `${this.project}-pre-restore` : this.project);
    this.#add({ backupId, status, kinds: [group === 'storage' ? 'storage' : 'database'], hostname: 'elsewhere', group });
  }

  /** Archives of others: with names that are easily taken for ours. */
  addOthers(): void {
    const stamp = formatBackupId('x', new Date(this.nowMs)).slice(2);
    const names = namesOfOthers(stamp);
    const name = names[this.#count % names.length]!;
    this.#put(name, undefined);
    this.#others.add(name);
    // What another host is writing right now.
    const partial = formatPartialName(formatArchiveName(this.#nextId(this.project), 'database'));
    this.#put(partial, undefined, 'elsewhere');
    this.#others.add(partial);
  }

  /** `unable`: it could not judge the backup. */
  drill(backupId: string, ending: RunStatus | 'unable'): void {
    this.#tick();
    const runId = this.#startRun('drill', backupId);
    const errorCode = ending === 'failed' ? 'verification_failed' : ending === 'unable' ? 'no_space' : undefined;
    const status = ending === 'unable' ? 'failed' : ending;
    this.#state.finishRun(runId, { status, durationMs: 1, errorCode, errorMessage: undefined });
    if (ending !== 'unable') this.#drills.set(backupId, ending);
  }

  damage(backupId: string): void {
    this.#backups.get(backupId)!.damaged = true;
    for (const name of this.#backups.get(backupId)!.names)
      this.#store.archives.set(name, { ...this.#store.archives.get(name)!, manifest: '{' });
  }

  /** What the hint says: whoever finds backups of the future deletes them by hand. */
  deleteFuture(): void {
    for (const { backupId, names } of this.#backups.values()) {
      if (parseBackupId(backupId)!.startedAt.getTime() <= this.nowMs + 5 * 60_000) continue;
      for (const name of names) this.#store.archives.delete(name);
      this.#backups.delete(backupId);
    }
  }

  loseState(): void {
    this.#state.close();
    this.#state = createMemoryState();
    this.#seen.clear();
    this.#drills.clear();
    this.#lastRun = undefined;
  }

  /** `agent prune`, before that the same with --dry-run, which must say the same and do nothing. */
  async prune(): Promise<PruneOutcome> {
    const judge = this.#judge(this.#lastRun);
    let reason = '';
    const attempt = async (dryRun: boolean): Promise<readonly string[] | undefined> => {
      try {
        return (await prune(this.#context, { dryRun })).removed;
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'prune_refused')) throw error;
        reason = error.message;
        return undefined;
      }
    };
    const planned = await attempt(true);
    const untouched = [...this.#store.archives.keys()];
    const removed = await attempt(false);
    const outcome = judge(removed === undefined ? reason : undefined, { withLeftovers: removed !== undefined });
    if (JSON.stringify(planned) !== JSON.stringify(removed))
      throw new Error(`a dry run said ${String(planned)}, then went ${String(removed)}`);
    if (untouched.length !== outcome.before.length) throw new Error('a dry run has removed something');
    return outcome;
  }

  /** As `backup` does at its end. */
  async #clean(status: 'complete' | 'incomplete', fresh: readonly FreshArchive[]): Promise<PruneOutcome> {
    const judge = this.#judge(status);
    const catalog = await readCatalog(this.#context, fresh);
    const plan = status === 'complete' ? planPrune(this.#context, catalog, status) : undefined;
    const decisions = plan === undefined || 'refused' in plan ? [] : plan.decisions;
    const old = decisions.filter(({ action }) => action === 'remove').flatMap(({ archives }) => archives);
    await removeArchives(this.#context, [...catalog.leftovers, ...old]);
    return judge(plan === undefined ? 'the run was incomplete' : 'refused' in plan ? plan.refused : undefined, {
      withLeftovers: true,
    });
  }

  /** Notes how things stand; what it returns compares that with how they stand then. */
  #judge(
    lastRun: RunStatus | undefined,
  ): (refused: string | undefined, what: { readonly withLeftovers: boolean }) => PruneOutcome {
    const before = [...this.#store.archives.keys()];
    const known = [...this.#backups.values()].map((backup) => this.#describe(backup));
    const knowledge = { backups: known, rules: this.rules, nowMs: this.nowMs, lastRun, drills: new Map(this.#drills) };
    const gone = expectRemoved(knowledge);
    const sorted = known.filter(({ group }) => group === 'database').toSorted((a, b) => b.startedAtMs - a.startedAtMs);
    const complete = sorted.filter(({ status }) => status === 'complete');
    const passed = sorted.find(({ backupId }) => this.#drills.get(backupId) === 'complete');
    const sacred = [
      ...this.#others,
      ...[complete[0], passed].flatMap((backup) => (backup === undefined ? [] : this.#backups.get(backup.backupId)!.names)),
    ];
    return (refused, { withLeftovers }) => {
      const after = [...this.#store.archives.keys()];
      const old = [...(gone ?? [])].flatMap((id) => this.#backups.get(id)!.names);
      const expected = [...old, ...(withLeftovers ? this.#leftovers : [])].toSorted();
      for (const id of gone ?? []) this.#backups.delete(id);
      if (withLeftovers) this.#leftovers.clear();
      for (const { names } of this.#backups.values())
        for (const name of names) if (this.#isReadable(name)) this.#seen.add(name);
      const left = complete.filter(({ backupId }) => after.includes(formatArchiveName(backupId, 'database'))).length;
      const floor = Math.min(complete.length, Math.max(1, this.rules.minimumBackups));
      if (gone === undefined && refused === undefined) throw new Error('nothing may go, but it did not refuse');
      if (gone !== undefined && refused !== undefined) throw new Error(`it refused, but nothing stands in the way: ${refused}`);
      return { refused: refused !== undefined, before, after, expected, sacred, complete: left, floor };
    };
  }

  #describe({ backupId, group, names, status, damaged }: MadeBackup): KnownBackup {
    const isUnknown = damaged && names.some((name) => !this.#seen.has(name));
    return {
      backupId,
      group,
      startedAtMs: parseBackupId(backupId)!.startedAt.getTime(),
      status: isUnknown ? 'unknown' : status,
    };
  }

  #isReadable(name: string): boolean {
    return this.#store.archives.get(name)?.manifest?.endsWith('}') === true;
  }

  #add(made: {
    readonly backupId: string;
    readonly status: 'complete' | 'incomplete';
    readonly kinds: readonly ArchiveKind[];
    readonly hostname: string;
    readonly group: KnownBackup['group'];
  }): FreshArchive[] {
    const { backupId, status, kinds: runKinds, hostname, group } = made;
    const archives = runKinds.map((kind) => ({
      name: formatArchiveName(backupId, kind),
      kind,
      status,
      runKinds,
      chunkerParams: 'c',
      sizes: undefined,
    }));
    for (const { name } of archives) this.#put(name, manifestOf(name, { status, runKinds }), hostname);
    this.#backups.set(backupId, { backupId, group, status, names: archives.map(({ name }) => name), damaged: false });
    return archives;
  }

  #put(name: string, manifest: string | undefined, hostname = 'here'): void {
    this.#count += 1;
    this.#store.archives.set(name, { name, id: `id ${this.#count}`, hostname, manifest });
  }

  #startRun(command: 'backup' | 'drill', backupId: string): string {
    const runId = `run ${this.#count++}`;
    this.#state.startRun({ runId, command, startedAt: new Date(this.nowMs), backupId });
    return runId;
  }

  /** Ids go by seconds, and no two runs begin in the same. */
  #nextId(project: string): string {
    for (;;) {
      this.#tick();
      const backupId = formatBackupId(project, new Date(this.nowMs));
      if (!this.#backups.has(backupId)) return backupId;
    }
  }

  #tick(): void {
    this.nowMs += 1000;
  }

  pass(hours: number): void {
    this.nowMs += Math.round(hours * hourMs);
  }
}
