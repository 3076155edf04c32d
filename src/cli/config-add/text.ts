import { join } from 'node:path';
import type { ConfigRow } from '../../config/describe.ts';
import type { WrittenFile } from '../../config/write-env-file.ts';
import { defaultProjectsDirectory } from '../../config/open.ts';
import { printable } from '../../domain/printable.ts';
import type { Finding } from '../../pipeline/doctor/finding.ts';
import { formatTable } from '../output.ts';
import type { Answers } from './answers.ts';

export interface AddReport {
  readonly status: 'complete' | 'failed';
  readonly project: string;
  /** Where the file is, or would be. */
  readonly path: string;
  readonly dryRun: boolean;
  /** Undefined when nothing was written. */
  readonly written: WrittenFile | undefined;
  /** With secrets masked. */
  readonly variables: readonly Omit<ConfigRow, 'source'>[];
  readonly answers: Answers;
  readonly warnings: readonly string[];
  /** Undefined without tests. */
  readonly findings: readonly Finding[] | undefined;
  readonly hasRepository: boolean;
}

export function toDocument(report: AddReport): object {
  const { status, project, path, dryRun, written, variables, answers, warnings, findings } = report;
  return {
    command: 'config add',
    status,
    project,
    file: path,
    dryRun,
    written: written !== undefined,
    kept: written?.kept ?? null,
    passphraseMade: isPassphraseMade(answers),
    variables: variables.map(({ name, value }) => ({ name, value, source: answers.get(name)!.source })),
    warnings,
    checks: findings?.map((finding) => ({ ...finding, remedy: finding.remedy ?? null })) ?? null,
    next: written === undefined ? [] : listNext(report).map(({ command }) => command),
  };
}

export function toText(report: AddReport): string {
  const { written, variables, answers, findings, warnings } = report;
  const rows = variables.map(({ name, value }) => [name, value, answers.get(name)!.source]);
  return [
    formatTable(['VARIABLE', 'VALUE', 'SOURCE'], rows),
    '',
    ...(findings === undefined ? warnings.map((warning) => `Warning: ${printable(warning)}`) : describeFindings(findings)),
    ...describeEnd(report),
    ...(written === undefined ? [] : describeNext(report)),
  ].join('\n');
}

function describeFindings(findings: readonly Finding[]): string[] {
  return [
    formatTable(
      ['STATE', 'CHECK', 'FOUND'],
      findings.map(({ state, check, detail }) => [state, check, detail]),
    ),
    ...findings
      .filter(({ state }) => state !== 'ok')
      .flatMap(({ check, state, remedy }) => [
        '',
        `${state === 'failed' ? 'To mend' : 'Better'} (${check}):`,
        ...(remedy ?? '').split('\n').map((line) => `  ${printable(line)}`),
      ]),
    '',
  ];
}

function describeEnd({ status, path, dryRun, written }: AddReport): string[] {
  if (status === 'failed') return [`A test failed. Nothing was written; --no-test writes ${path} all the same.`];
  if (dryRun) return [`Nothing was written (--dry-run). ${path} would hold this.`];
  const who =
    written!.mode === 0o640 ? 'readable by its owner and by the group of the directory' : 'readable by its owner alone';
  return [
    `${path} is written, ${who} (${written!.mode.toString(8).padStart(4, '0')}).`,
    ...(written!.kept === undefined
      ? []
      : [`What was there before lies in ${written!.kept}; remove it when nothing needs it any more.`]),
  ];
}

function isPassphraseMade(answers: Answers): boolean {
  return answers.get('BORG_PASSPHRASE')?.source === 'made';
}

function describeNext(report: AddReport): string[] {
  const next = listNext(report);
  const width = Math.max(...next.map(({ command }) => command.length));
  const keep = [
    '',
    `A new passphrase was made. It stands in ${report.path} as BORG_PASSPHRASE, and nowhere else: copy it into your`,
    'password manager now. Without it no backup can ever be read, and this machine may be what you lose.',
  ];
  return [
    ...(isPassphraseMade(report.answers) ? keep : []),
    '',
    'Next:',
    ...next.map(({ command, what }) => `  ${command.padEnd(width)}   ${what}`.trimEnd()),
  ];
}

interface Next {
  readonly command: string;
  readonly what: string;
}

function listNext({ path, project, hasRepository }: AddReport): Next[] {
  const isDefault = path === join(defaultProjectsDirectory, `${project}.env`);
  const which = isDefault ? `--project ${project}` : `--env-file ${path}`;
  const all: (Next & { readonly when?: boolean })[] = [
    { command: `agent doctor ${which}`, what: 'checks everything a backup needs' },
    { command: `agent init ${which}`, what: 'creates the repository', when: !hasRepository },
    { command: `agent init ${which} --export-key FILE`, what: 'then keep FILE on another machine, or on paper' },
    { command: `agent backup ${which}`, what: 'a first backup' },
    {
      command: `systemctl enable --now supabase-backup@${project}.timer supabase-backup-verify@${project}.timer`,
      what: 'every night;',
      when: isDefault,
    },
    { command: 'systemctl reload supabase-backup-agent', what: 'or this, where the agent runs all the time', when: isDefault },
  ];
  return all.filter(({ when }) => when !== false);
}
