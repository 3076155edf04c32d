import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import { variableList } from '../../src/config/variables.ts';
import type { Command, CommandResult, CommandRunner } from '../../src/context.ts';
import { answerControl } from '../../src/daemon/control.ts';
import { judge } from '../../src/daemon/child-run.ts';
import { formatArchiveName, parseArchiveName, parseBackupId, parsePartialName } from '../../src/domain/archive-name.ts';
import { groupAllBackups, selectBackup } from '../../src/domain/backup-list.ts';
import { controlAnswerSchema } from '../../src/domain/control.ts';
import { formatLine, parseLogLine } from '../../src/domain/log-line.ts';
import { Secret } from '../../src/config/project-config.ts';
import { createRepository } from '../../src/tools/borg/repository.ts';
import { silentProgress } from '../../src/cli/progress.ts';
import { expectHandled } from '../helpers/bad-input.ts';
import { faultRounds, faultSeed } from '../helpers/faults.ts';
import { mutateBytes, mutateJsonText, mutations, type Mutation } from '../helpers/mutations.ts';

const group = 'bad-input';
const rounds = faultRounds(150, 5000);
const timeout = faultRounds(300_000, 600_000);
const seeded = `${rounds} rounds, seed ${faultSeed}`;

const minimal =
  'PROJECT_NAME=shop\nSUPABASE_DB_URL=postgresql://me:pw@db.example.com/app\nBORG_REPO=/srv/shop\nBORG_PASSPHRASE=pw\n';

/** One that is right, with something of every kind. */
const envFile = Buffer.from(`# Nightly
${minimal}BORG_RSH="ssh -i /root/key"
export STATE_DIR='/var/lib/supabase-backup'
RETENTION_DAYS=30
RETENTION_MIN_BACKUPS=5 # at least
BACKUP_SCHEDULE=30 2 * * 1-5
VERIFY_SCHEDULE=weekly
SCHEDULE_TIMEZONE=Europe/Berlin
SCHEDULE_JITTER=5m
STALL_LIMIT=30m
LATE_AFTER=36h
NOTIFY_NTFY_URL=https://ntfy.sh/topic
NOTIFY_ON=failure,late
VERIFY_CONTENT=true
STORAGE_EXCLUDE=docs/*.tmp,cache
STORAGE_MAX_EGRESS=5GiB
`);

const options = {
  environment: {},
  workingDirectory: '/',
  homeDirectory: '/root',
  isRoot: true,
  projectsDirectory: '/nonexistent',
};

test(`env files of which a few bytes are others (${seeded})`, { timeout }, async () => {
  await expectHandled({
    group,
    fault: 'an env file with something of every kind, bytes of it changed, cut or moved',
    rounds,
    inputs: mutations,
    read: (changes) => loadConfigText('/nonexistent/shop.env', mutateBytes(envFile, changes).toString(), options),
  });
});

test(`values of an env file (${seeded})`, { timeout }, async () => {
  const names = variableList.map(({ name }) => name);
  const odd = [
    '/dev/zero',
    '/dev/null',
    '/etc',
    '-1',
    '1e9',
    '99999999999999999999',
    '1h',
    'true',
    '../x',
    '::',
    'postgresql://[::1',
    'http://',
    'https://a@b@c',
    'a,b,,',
    '%zz',
  ];
  const values = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary' }), fc.string(), fc.webUrl());
  await expectHandled({
    group,
    fault: 'env files with odd values of one to eight variables, files that never end among them',
    rounds,
    inputs: fc.dictionary(fc.constantFrom(...names, 'BORG_PASSPHRASE_FILE', 'SUPABASE_DB_PASSWORD_FILE'), values, {
      maxKeys: 8,
    }),
    read: (chosen) =>
      loadConfigText(
        '/nonexistent/shop.env',
        minimal +
          Object.entries(chosen)
            .map(([name, value]) => `${name}=${value}\n`)
            .join(''),
        options,
      ),
  });
});

test(`names of archives, and what people call backups (${seeded})`, { timeout }, async () => {
  const id = 'shop-20261121T020000Z';
  const names = [
    `${id}-database`,
    `.partial-${id}-storage`,
    `shop-pre-restore-20261121T020000Z-database`,
    `.partial-${id}-database.checkpoint.1`,
  ];
  const known = names.map((name) => ({ name, status: 'complete' as const }));
  const input = fc.record({ name: fc.constantFrom(...names), changes: mutations, anything: fc.string({ unit: 'binary' }) });
  await expectHandled({
    group,
    fault: 'names of archives and of backups, changed or made up',
    rounds,
    inputs: input,
    read({ name, changes, anything }) {
      for (const text of [mutateBytes(Buffer.from(name), changes).toString(), anything]) {
        const parsed = parseArchiveName(text) ?? parsePartialName(text);
        // What is taken for ours is exactly what we write: no other text stands for the same archive.
        if (parsed !== undefined) {
          expect(text).toContain(formatArchiveName(parsed.backupId, parsed.kind));
          expect(parsed.project).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
          expect(parsed.startedAt.getTime()).not.toBeNaN();
        }
        parseBackupId(text);
        selectBackup(groupAllBackups([...known, { name: text, status: 'complete' }], 'shop'), text);
      }
    },
  });
});

const borgSays = {
  list: {
    archives: [{ name: 'shop-20261121T020000Z-database', id: 'ab', hostname: 'here', time: '2026-11-21T02:00:00' }],
    encryption: { mode: 'repokey' },
  },
  info: { archives: [{ name: 'x', stats: { original_size: 1, deduplicated_size: 1 } }] },
  create: {
    archive: { stats: { original_size: 1, deduplicated_size: 1 } },
    cache: { stats: { total_size: 1, unique_csize: 1 } },
  },
};
const logMessage = {
  type: 'log_message',
  levelname: 'ERROR',
  msgid: 'Repository.DoesNotExist',
  message: 'Repository /x does not exist.',
  time: 1,
};
const progress = { type: 'archive_progress', original_size: 100, path: 'database/full.dump', finished: false };

interface BorgAnswer {
  readonly exitCode: number;
  readonly changes: readonly Mutation[];
  readonly lines: readonly (readonly Mutation[])[];
}

const borgAnswers: fc.Arbitrary<BorgAnswer> = fc.record({
  exitCode: fc.constantFrom(0, 0, 0, 1, 2, 128),
  changes: mutations,
  lines: fc.array(mutations, { maxLength: 4 }),
});

/** A Borg that says what it is told to. */
function repositoryThatSays({ exitCode, lines }: BorgAnswer, stdout: string) {
  const said = lines.flatMap((changes) => [logMessage, progress].map((line) => mutateJsonText(line, changes).toString()));
  const result: CommandResult = { exitCode, signal: null, stdout, stderr: said.join('\n') };
  const start = (command: Command) => {
    for (const line of said.join('\n').split('\n')) command.onStderrLine?.(line);
    return { pid: 1, stdout: undefined, finished: Promise.resolve(result), terminate: async () => undefined };
  };
  const commands: CommandRunner = { start, run: async (command) => start(command).finished };
  const config = {
    location: '/repository',
    passphrase: new Secret('x'),
    remoteShell: undefined,
    remotePath: undefined,
    lockWaitMs: 1000,
  };
  return createRepository({ config, commands, environment: {}, progress: silentProgress });
}

test(`what Borg says (${seeded})`, { timeout }, async () => {
  await expectHandled({
    group,
    fault: "Borg's JSON and the lines of its log, nodes and bytes of them changed",
    rounds,
    inputs: fc.tuple(fc.constantFrom('list', 'info', 'create', 'read'), borgAnswers),
    async read([what, answer]) {
      const document = what === 'read' ? borgSays.list : borgSays[what];
      const repository = repositoryThatSays(answer, mutateJsonText(document, answer.changes).toString());
      if (what === 'list') for (const { name } of await repository.list()) expect(typeof name).toBe('string');
      else if (what === 'info') await repository.sizes('x');
      else if (what === 'create')
        await repository.create({ name: 'x', directory: '/', paths: ['database/full.dump'], chunkerParams: 'c' }).finished;
      else await repository.readText('x', 'manifest.json');
    },
  });
});

test(`lines for the agent's socket, and what its runs and logs say (${seeded})`, { timeout }, async () => {
  const requests = [
    { version: 1, request: 'status' },
    { version: 1, request: 'run-now', project: 'shop', kind: 'backup' },
    { version: 1, request: 'cancel', project: 'shop' },
  ];
  const line = {
    level: 30,
    time: '2026-11-21T02:00:00.000Z',
    project: 'shop',
    stage: 'dump',
    event: 'start',
    msg: 'backup started',
    archives: ['a'],
  };
  const run = {
    schemaVersion: 1,
    command: 'backup',
    status: 'failed',
    error: { code: 'failed', message: 'no', hint: 'try', exitCode: 1, retryable: true },
  };
  const about = { pid: 1, agentVersion: '0.1.0', startedAt: '2026-11-21T02:00:00.000Z', maxConcurrent: 1 };
  const scheduler = {
    states: () => [],
    runNow: () => undefined,
    cancel: async () => ({ kind: 'backup' as const, startedAt: new Date(0), pid: 1, stage: undefined, progress: undefined }),
  };
  await expectHandled({
    group,
    fault: 'requests to the control socket, lines of logs and documents of runs, nodes and bytes of them changed',
    rounds,
    inputs: fc.tuple(fc.constantFrom(...requests), mutations),
    async read([request, changes]) {
      const answer = await answerControl(mutateJsonText(request, changes).toString(), {
        scheduler,
        problems: () => new Map(),
        about,
      });
      const { error } = controlAnswerSchema.parse(JSON.parse(answer));
      if (error !== undefined) expect(error).toMatchObject({ code: 'usage' });
      const parsed = parseLogLine(mutateJsonText(line, changes).toString());
      // oxlint-disable-next-line no-control-regex
      if (parsed !== undefined) expect(formatLine(parsed)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      const { result } = judge({ exitCode: 1, signal: null, stdout: mutateJsonText(run, changes).toString() }, false);
      expect(result).toBe('failed');
    },
  });
});
