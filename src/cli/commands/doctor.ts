import type { Command } from 'commander';
import { exitCodes } from '../../domain/exit-code.ts';
import { diagnose, type DoctorReport } from '../../pipeline/doctor.ts';
import { composeDoctor } from '../compose-doctor.ts';
import { printable } from '../../domain/printable.ts';
import { formatTable } from '../output.ts';
import { createCommand, type CommonOptions, type Shell } from '../shell.ts';

export function doctorCommand(shell: Shell): Command {
  return createCommand('doctor', 'Check everything that a backup needs, and say how to mend what is not right.', [
    'agent doctor',
    'agent doctor --project prod --json',
  ]).action(async (options: CommonOptions) => {
    const report = await diagnose(await composeDoctor(shell, options));
    shell.progress.end();
    shell.output.result(toDocument(report), () => toText(report));
    if (report.status === 'failed') shell.exitWith(exitCodes.failed);
  });
}

function toDocument({ status, findings }: DoctorReport): object {
  return { command: 'doctor', status, checks: findings.map((finding) => ({ ...finding, remedy: finding.remedy ?? null })) };
}

function toText({ findings }: DoctorReport): string {
  const bad = findings.filter(({ state }) => state !== 'ok');
  return [
    formatTable(
      ['STATE', 'CHECK', 'FOUND'],
      findings.map(({ state, check, detail }) => [state, check, detail]),
    ),
    ...bad.flatMap(({ check, state, remedy }) => [
      '',
      `${state === 'failed' ? 'To mend' : 'Better'} (${check}):`,
      ...(remedy ?? '').split('\n').map((line) => `  ${printable(line)}`),
    ]),
    '',
    summarize(findings),
  ].join('\n');
}

function summarize(findings: DoctorReport['findings']): string {
  const failed = findings.filter(({ state }) => state === 'failed').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  const rest = warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  if (failed === 0) return `Nothing stands in the way of a backup${rest}.`;
  return `${failed} ${failed === 1 ? 'check' : 'checks'} failed${rest}.`;
}
