import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadTarget, type LoadedTarget } from '../../config/load.ts';
import type { TargetConfig } from '../../config/project-config.ts';
import { exitCodeForStatus, exitCodes } from '../../domain/exit-code.ts';
import { components, type Component, type RestoreScope, type TableName } from '../../domain/restore-scope.ts';
import {
  createObjectSelection,
  parseWantedName,
  wantBucket,
  type WantedObjects,
} from '../../domain/storage/object-selection.ts';
import { AppError } from '../../errors.ts';
import type { RunContext } from '../../context.ts';
import { restoreObjects, type RestoreObjectsReport } from '../../pipeline/restore-objects.ts';
import { restore, type RestoreReport, type RestoreRequest } from '../../pipeline/restore.ts';
import { objectsText } from '../objects-text.ts';
import { restoreText } from '../restore-text.ts';
import { createCommand, loadOptions, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface RestoreOptions extends CommonOptions {
  readonly to: string;
  readonly confirm?: string;
  readonly dryRun?: boolean;
  readonly jobs?: number;
  readonly allowIncomplete?: boolean;
  readonly enableJobs?: boolean;
  readonly only?: readonly Component[];
  readonly schema?: readonly string[];
  readonly table?: readonly TableName[];
  readonly dataOnly?: boolean;
  readonly mode?: 'replace' | 'append';
  readonly clean?: boolean;
  readonly bucket?: readonly string[];
  readonly object?: readonly WantedObjects[];
  readonly prefix?: readonly WantedObjects[];
  /** False for --no-safety-backup. */
  readonly safetyBackup: boolean;
}

export function restoreCommand(shell: Shell): Command {
  return createCommand('restore', 'Restore a backup, or a part of it, and compare the result with what was captured.', [
    'agent restore latest --to test --dry-run',
    'agent restore latest --to test',
    'agent restore latest --to test --clean',
    'agent restore latest --to test --table public.notes --mode replace',
    'agent restore latest --to test --only auth',
    'agent restore latest --to test --only storage',
    'agent restore latest --to test --object avatars/2026/photo.png',
    'agent restore prod-20261121T020000Z --to /etc/supabase-backup/staging.env --confirm staging',
  ])
    .argument('<backup>', '`latest`, a backup id, or a unique beginning of one (`agent list`)')
    .requiredOption('--to <target>', '`test` (the TEST_ block of the env file), a project name, or the path of an env file')
    .option('--confirm <project>', "the target's PROJECT_NAME, instead of typing it on a terminal")
    .option('--dry-run', 'print the plan and touch nothing')
    .option(
      '--jobs <number>',
      'build indexes and constraints with several jobs at once, after definitions and rows, and not in their transaction',
      parseJobs,
    )
    .option('--allow-incomplete', 'restore what can be restored; what fails is skipped and named (exit code 3)')
    .option('--only <components>', `only these, with commas between: ${components.join(', ')}`, parseComponents)
    .option('--schema <name>', 'only this schema; may be said again', collect)
    .option('--table <schema.name>', 'only this table, with what it needs; may be said again', collectTable)
    .option('--data-only', 'only rows, into tables that are there')
    .addOption(new Option('--mode <mode>', 'what becomes of rows that are there').choices(['replace', 'append']))
    .option('--clean', "first remove what is the user's on the target: schemas, rows of auth and storage, large objects")
    .option('--bucket <bucket>', 'only the objects of this bucket of Storage; may be said again', collect)
    .option('--object <bucket/name>', 'only this object of Storage; may be said again', collectWanted('object'))
    .option(
      '--prefix <bucket/beginning>',
      'only the objects of Storage whose names begin so; may be said again',
      collectWanted('prefix'),
    )
    .option(
      '--no-safety-backup',
      'do not back up before what is written over: the database, and objects that are replaced or removed',
    )
    .option('--enable-jobs', 'let cron jobs and webhooks act at once; without it they are restored, and rest')
    .action(async (backup: string, options: RestoreOptions) => {
      await withContext(shell, options, async (context) => {
        const target = await loadTarget(options.to, loadOptions(shell, options));
        if (isAboutObjects(options)) {
          await restoreStorage(shell, context, { backup, target, options });
          return;
        }
        const request: RestoreRequest = {
          backup,
          target,
          jobs: options.jobs,
          dryRun: options.dryRun ?? false,
          allowIncomplete: options.allowIncomplete ?? false,
          enableJobs: options.enableJobs ?? false,
          scope: toScope(options),
          clean: options.clean ?? false,
          safetyBackup: options.safetyBackup,
          confirm: (plan, facts) =>
            confirm(
              shell,
              { target, typed: options.confirm },
              [...plan.losses, ...plan.replaced.map((what) => `REMOVES ${what}`), ...plan.steps],
              facts.database,
            ),
        };
        const report = await restore(context, request);
        context.progress.end();
        shell.output.result(toDocument(report, context.config.project), () => restoreText(report));
        shell.exitWith(exitCodeOf(report));
      });
    });
}

/** Whether objects of Storage alone are asked for. */
function isAboutObjects({
  only = [],
  bucket = [],
  object = [],
  prefix = [],
  schema,
  table,
  jobs,
  mode,
}: RestoreOptions): boolean {
  const named = bucket.length + object.length + prefix.length > 0;
  if (!named && !(only.length === 1 && only[0] === 'storage' && mode === undefined)) return false;
  const others = only.filter((component) => component !== 'storage');
  if (others.length === 0 && schema === undefined && table === undefined && jobs === undefined) return true;
  throw new AppError('usage', 'Objects of Storage are restored by themselves, or with everything else.', {
    hint: 'Leave --bucket, --object and --prefix out, or the other options that choose a part.',
  });
}

interface ObjectsCall {
  readonly backup: string;
  readonly target: LoadedTarget;
  readonly options: RestoreOptions;
}

async function restoreStorage(shell: Shell, context: RunContext, { backup, target, options }: ObjectsCall): Promise<void> {
  const { bucket = [], object = [], prefix = [] } = options;
  const report = await restoreObjects(context, {
    backup,
    target,
    selection: createObjectSelection([...bucket.map(wantBucket), ...object, ...prefix]),
    clean: options.clean ?? false,
    dryRun: options.dryRun ?? false,
    allowIncomplete: options.allowIncomplete ?? false,
    safetyBackup: options.safetyBackup,
    confirm: (steps) => confirm(shell, { target, typed: options.confirm }, steps, `the Storage ${target.storage?.url ?? ''}`),
  });
  context.progress.end();
  shell.output.result(objectsDocument(report, context.config.project), () => objectsText(report));
  shell.exitWith(exitCodeOf(report));
}

function objectsDocument({ startedAt, objects, ...report }: RestoreObjectsReport, project: string): object {
  return { command: 'restore', project, ...report, startedAt: startedAt.toISOString(), objects: objects ?? null };
}

function collectWanted(kind: 'object' | 'prefix'): (text: string, earlier?: readonly WantedObjects[]) => WantedObjects[] {
  return (text, earlier = []) => {
    const parsed = parseWantedName(kind, text);
    if (parsed === undefined) throw new InvalidArgumentError('It has to be BUCKET/NAME.');
    return [...earlier, parsed];
  };
}

function toScope({ only, schema, table, dataOnly, mode }: RestoreOptions): RestoreScope {
  return { only: only ?? [], schemas: schema ?? [], tables: table ?? [], dataOnly: dataOnly ?? false, mode };
}

function parseComponents(text: string): Component[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !components.some((component) => component === name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no ${unknown.join(', ')}; there is ${components.join(', ')}.`);
  return names as Component[];
}

function collect(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text];
}

/** `public.notes`; a name with a dot in it stands between double quotes, as in SQL. */
function collectTable(text: string, earlier: readonly TableName[] = []): TableName[] {
  const parts = [...text.matchAll(/"((?:[^"]|"")+)"|([^".]+)/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[2]!);
  const [schema, name] = parts;
  if (schema === undefined || name === undefined || parts.length > 2) {
    throw new InvalidArgumentError('It has to be SCHEMA.TABLE; names with dots in double quotes.');
  }
  return [...earlier, { schema, name }];
}

function parseJobs(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It has to be a number from 1 to 99.');
  return Number(text);
}

/** A restore is asked for twice: the name of the project that is written to has to be typed, or given with --confirm. */
async function confirm(
  shell: Shell,
  { target, typed }: { readonly target: TargetConfig; readonly typed: string | undefined },
  steps: readonly string[],
  database: string,
): Promise<void> {
  let answer = typed;
  if (answer === undefined && shell.ask !== undefined) {
    shell.output.note(steps.map((step) => `  - ${step}`).join('\n'));
    const server = target.database === undefined ? '' : ` on ${target.database.host}:${target.database.port}`;
    answer = (
      await shell.ask(`This writes to ${database}${server}. Type the name of the target project (${target.project}): `)
    ).trim();
  }
  if (answer === target.project) return;
  const what = answer === undefined ? 'A restore has to be confirmed' : `"${answer}" is not the name of the target project`;
  throw new AppError('target_refused', `${what}. Nothing was touched.`, {
    hint: `Confirm with --confirm ${target.project}; see the plan first with --dry-run.`,
  });
}

function exitCodeOf(report: Pick<RestoreReport, 'status'>): ReturnType<typeof exitCodeForStatus> {
  return report.status === 'failed' ? exitCodes.verificationFailed : exitCodeForStatus(report.status);
}

function toDocument(report: RestoreReport, project: string): object {
  const { startedAt, plan, objects, ...rest } = report;
  const { kind, steps, created, replaced, skipped, outside, refusals, losses, forbidden, manual } = plan;
  return {
    command: 'restore',
    project,
    ...rest,
    startedAt: startedAt.toISOString(),
    objects: objects ?? null,
    plan: { kind, steps, created, replaced, skipped, outside, refusals, losses, forbidden, manual },
  };
}
