import { Command } from 'commander';
import { readEnvFile } from '../../config/env-file.ts';
import { formatEnvText } from '../../config/env-text.ts';
import { loadConfigText, type LoadedConfig } from '../../config/load.ts';
import { projectFile } from '../../config/open.ts';
import type { VariableName } from '../../config/variables.ts';
import { assertWritable, writeEnvFile } from '../../config/write-env-file.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { printable } from '../../domain/printable.ts';
import { loadOptions, projectsDirectoryOption, type CommonOptions, type Shell } from '../shell.ts';
import { readAnswers, type AnswerOptions, type Answers } from './answers.ts';
import { askForRest, findTerminal, isIncomplete, toValues } from './questions.ts';
import { toDocument, toText, type AddReport } from './text.ts';
import { tryConfiguration, type Trial } from './trial.ts';

interface AddOptions extends AnswerOptions, Pick<CommonOptions, 'projectsDirectory' | 'json'> {
  readonly test: boolean;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

const examples = [
  'agent config add prod',
  'agent config add prod --project-ref abcdefghijklmnopqrst --db-password-file /root/prod-password \\',
  '      --repository ssh://backup@host/./prod --make-passphrase --set BACKUP_SCHEDULE=daily',
  'pass show prod | agent config add prod --db-url postgresql://postgres@10.0.0.5/postgres --db-password-file - ... --dry-run',
];

export function configAddCommand(shell: Shell): Command {
  return new Command('add')
    .description(
      'Write the env file of a new project, /etc/supabase-backup/<name>.env, after trying what it says. Asks for what no option and no variable of the environment tells, never takes a secret as an argument.',
    )
    .argument('<name>', 'what the project is to be called')
    .option('--project-ref <ref>', 'a hosted project: the 20 letters of https://REF.supabase.co')
    .option('--db-url <url>', 'any other database: postgresql://USER@HOST:5432/DATABASE, without password')
    .option('--db-url-file <path>', 'the same, with or without password, in a file')
    .option('--db-host <host>', 'the session pooler of a hosted project, for machines without IPv6')
    .option('--db-ca-file <path>', "the CA certificate of the database's server")
    .option('--db-password-file <path>', 'the password of the database, in a file; - is standard input, here and below')
    .option('--service-role-key-file <path>', 'the key for the objects of Storage, in a file')
    .option('--supabase-url <url>', 'the URL of the project, where the database does not tell it')
    .option('--repository <location>', 'the Borg repository: a path, or ssh://USER@HOST/PATH')
    .option('--passphrase-file <path>', 'the passphrase of the repository, in a file')
    .option('--make-passphrase', 'make a new passphrase, for a repository that is yet to be created')
    .option('--set <name=value>', 'any other variable of .env.example that is no secret; may be repeated', collect)
    .option('--no-test', 'connect to nothing, and write the file as it is')
    .option('--replace', 'put it in the place of a file that is there, which is kept beside it')
    .option('--dry-run', 'show the file with secrets masked, and test, but write nothing')
    .option('--json', 'print one JSON document (docs/json.md)')
    .addOption(projectsDirectoryOption())
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line.startsWith(' ') ? '' : '$ '}${line}`).join('\n')}`)
    .action(async (name: string, options: AddOptions) => {
      const report = await addProject(shell, name, options);
      shell.output.result(toDocument(report), () => toText(report));
      if (report.status === 'failed') shell.exitWith(exitCodes.failed);
    });
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

async function addProject(shell: Shell, project: string, options: AddOptions): Promise<AddReport> {
  const path = projectFile(project, loadOptions(shell, options));
  const replace = options.replace === true;
  // Before anybody has typed passwords for nothing.
  await assertWritable(path, { replace });
  const { answers, text, loaded, trial } = await settle(shell, { project, path, options });
  const changes = replace ? await warnOfChanges(path, answers) : [];
  for (const change of changes) shell.output.note(`Warning: ${change}`);
  const status = trial?.findings.some(({ state }) => state === 'failed') === true ? 'failed' : 'complete';
  const dryRun = options.dryRun === true;
  const written = dryRun || status === 'failed' ? undefined : await writeEnvFile(path, text, { isRoot: shell.isRoot, replace });
  return {
    status,
    project,
    path,
    dryRun,
    written,
    answers,
    variables: loaded.described.filter(({ name }) => answers.has(name)),
    warnings: [...loaded.warnings, ...changes],
    findings: trial?.findings,
    hasRepository: trial?.hasRepository ?? false,
  };
}

/** What stands in the file that is replaced, and would be lost without a word. */
async function warnOfChanges(path: string, answers: Answers): Promise<string[]> {
  const values = (await readEnvFile(path))?.values ?? {};
  const lost = Object.keys(values).filter((name) => !answers.has(name as VariableName));
  const before = values['PROJECT_NAME'];
  const isRenamed = before !== undefined && before !== answers.get('PROJECT_NAME')!.value;
  return [
    ...(lost.length === 0
      ? []
      : [`the old file sets ${lost.join(', ')}, which the new one does not: add --set, or what belongs there`]),
    ...(isRenamed
      ? [`PROJECT_NAME was ${before}, and backups would go under another name: --set PROJECT_NAME=${before} keeps it`]
      : []),
  ];
}

interface Settled {
  readonly answers: Answers;
  readonly text: string;
  readonly loaded: LoadedConfig;
  /** Undefined with --no-test. */
  readonly trial: Trial | undefined;
}

/** Asks until all is well, or the person has had enough; without a terminal once. Throws AppError for what cannot be a configuration. */
async function settle(
  shell: Shell,
  { project, path, options }: { readonly project: string; readonly path: string; readonly options: AddOptions },
): Promise<Settled> {
  const answers = await readAnswers(shell, project, options);
  const terminal = findTerminal(shell);
  const asks = terminal !== undefined && (await isIncomplete(answers));
  if (asks) terminal.note(`The answers go into ${path}. Ctrl-C leaves; until the end nothing is written.\n`);
  for (let again = false; ; again = true) {
    if (asks) await askForRest(terminal, answers, { project, again });
    const text = formatEnvText(toValues(answers));
    const { askPassword: _, ...others } = loadOptions(shell, options);
    const loaded = await loadConfigText(path, text, others);
    const trial = options.test ? await tryConfiguration(shell, loaded) : undefined;
    const failed = trial?.findings.filter(({ state }) => state === 'failed') ?? [];
    if (!asks || failed.length === 0) return { answers, text, loaded, trial };
    for (const { check, detail, remedy } of failed) {
      terminal.note(`\nThis does not work: ${check}: ${printable(detail)}\n${remedy ?? ''}`);
    }
    terminal.note('');
    if (!/^y/i.test(await terminal.ask('Correct the answers? (yes, or Enter to stop) ')))
      return { answers, text, loaded, trial };
  }
}
