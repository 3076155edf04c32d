import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeMetrics } from '../../../src/domain/metrics/families.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';
import { allFacts } from '../../helpers/metric-facts.ts';

const read = (name: string): Promise<string> => readFile(new URL(`../../../docs/monitoring/${name}`, import.meta.url), 'utf8');
const families = describeMetrics([allFacts]);
const labelsOf = new Map(families.map(({ name, samples }) => [name, Object.keys(samples[0]!.labels)]));

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: Panel['datasource'];
  }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[] };
}

/** Metrics and labels in a text that no run ever tells of. */
function findUnknown(text: string): string[] {
  const names = [...text.matchAll(/supabase_backup_\w+/g)].map(([name]) => name).filter((name) => !labelsOf.has(name));
  const matchers = [...text.matchAll(/(supabase_backup_\w+)\{([^}]*)\}/g)].flatMap(([, name, body]) =>
    [...body!.matchAll(/(\w+)=~?"/g)].map(([, label]) => ({ name: name!, label: label! })),
  );
  const unknown = matchers.filter(({ name, label }) => labelsOf.get(name)?.includes(label) === false);
  return [...names, ...unknown.map(({ name, label }) => `${name}{${label}}`)];
}

test('the table names every metric with its labels, and no other', async () => {
  const rows = [...(await read('README.md')).matchAll(/^\| `(supabase_backup_\w+)` +\| ([^|]*?) *\|/gm)];
  const documented = rows.map(([, name, labels]) => `${name}: ${labels!.replaceAll(/[`,]/g, '')}`);
  const own = (name: string): string => labelsOf.get(name)!.slice(1).join(' ');
  expect(documented).toEqual(families.map(({ name }) => `${name}: ${own(name)}`));
});

describe('the alert rules', async () => {
  const text = await read('alerts.yml');

  test('ask only for metrics and labels that are there', () => {
    expect(findUnknown(text)).toEqual([]);
    expect(findUnknown('supabase_backup_nothing{a="b"} supabase_backup_status{kind="x"}')).toEqual([
      'supabase_backup_nothing',
      'supabase_backup_status{kind}',
    ]);
  });

  test('have what an alert needs, and stand in the documentation', async () => {
    const alerts = [...text.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
    const documented = [...(await read('README.md')).matchAll(/^\| `(SupabaseBackup\w+)`/gm)].map(([, name]) => name);
    expect(alerts.length).toBeGreaterThan(5);
    expect(documented).toEqual(alerts);
    for (const key of ['expr', 'severity', 'summary', 'description']) {
      expect(text.match(new RegExp(`^ +${key}: \\S`, 'gm')), key).toHaveLength(alerts.length);
    }
  });
});

const promtool = spawnSync('promtool', ['--version']).error;
if (promtool !== undefined) console.warn(`promtool is not there (${promtool.message}): the rules are not looked at by it.`);

/** What promtool says of a file of rules; the expressions of the dashboard are read as rules, too. */
function check(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return status === 0 ? 'good' : `${stdout}${stderr}`;
}

describe.skipIf(promtool !== undefined)('promtool', () => {
  const rules = fileURLToPath(new URL('../../../docs/monitoring/alerts.yml', import.meta.url));

  /** JSON is YAML. */
  const writeYaml = async (document: object): Promise<string> => {
    const file = join(await createTemporaryDirectory(), 'file.yml');
    await writeFile(file, JSON.stringify(document));
    return file;
  };

  test('can read the alert rules, and every expression of the dashboard', async () => {
    expect(check('check', 'rules', rules)).toBe('good');
    const { panels } = JSON.parse(await read('dashboard.json')) as Dashboard;
    const records = panels
      .flatMap(({ targets }) => targets)
      .map(({ expr }, index) => ({ record: `panel_${index}`, expr: expr.replaceAll('$project', '.*') }));
    expect(check('check', 'rules', await writeYaml({ groups: [{ name: 'panels', rules: records }] }))).toBe('good');
  });

  test('has the rule on late fire for what says so, and when nothing says anything new', async () => {
    const say = (project: string, late: string, from: number) => [
      { series: `supabase_backup_late{project="${project}"}`, values: late },
      { series: `supabase_backup_late_from_timestamp_seconds{project="${project}"}`, values: `${from}x30` },
    ];
    const alert = (project: string) => ({
      exp_labels: { severity: 'critical', project },
      exp_annotations: {
        summary: `The backups of ${project} are late`,
        description: `The newest complete backup is older than its schedule allows. \`agent status --check --project ${project}\` says by how much, and \`agent doctor\` why it may not work.`,
      },
    });
    const alertname = 'SupabaseBackupLate';
    const file = await writeYaml({
      rule_files: [rules],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          // The clock begins at 0.
          input_series: [...say('told', '0x10 1x20', 1e6), ...say('silent', '0x30', 600), ...say('good', '0x30', 1e6)],
          alert_rule_test: [
            { eval_time: '5m', alertname, exp_alerts: [] },
            { eval_time: '25m', alertname, exp_alerts: [alert('told'), alert('silent')] },
          ],
        },
      ],
    });
    expect(check('test', 'rules', file)).toBe('good');
  });
});

describe('the dashboard', async () => {
  const text = await read('dashboard.json');
  const { panels, templating } = JSON.parse(text) as Dashboard;

  test('asks only for metrics and labels that are there, of the chosen projects', () => {
    expect(findUnknown(text.replaceAll('\\"', '"'))).toEqual([]);
    for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
      expect(expr.match(/supabase_backup_\w+/g)).toHaveLength(expr.match(/project=~"\$project"/g)!.length);
      expect(legendFormat).toContain('{{project}}');
    }
  });

  test('takes the data source that is chosen', () => {
    expect(templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
    );
    const sources = panels.flatMap(({ datasource, targets }) => [datasource, ...targets.map((target) => target.datasource)]);
    for (const source of sources) expect(source).toEqual({ type: 'prometheus', uid: '${datasource}' });
  });

  test('shows every metric but those that only tell when something was tried', () => {
    const unseen = families.map(({ name }) => name).filter((name) => !text.includes(name));
    expect(unseen).toEqual([
      'supabase_backup_last_attempt_timestamp_seconds',
      'supabase_backup_verify_last_attempt_timestamp_seconds',
      'supabase_backup_drill_last_attempt_timestamp_seconds',
    ]);
  });

  test('has panels of their own ids that do not cover each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});
