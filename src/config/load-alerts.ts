import { z } from 'zod';
import { alertFields, findAlertProblems, toAlertConfig } from './alert-settings.ts';
import { openSources, type LoadOptions } from './open.ts';
import { createProblems } from './problems.ts';
import type { ProjectConfig } from './project-config.ts';
import { projectSchema, validate } from './schema.ts';
import { fetchValues } from './sources.ts';
import type { VariableName } from './variables.ts';

const alertSchema = z.object(alertFields);
const names = Object.keys(alertSchema.shape) as (keyof typeof alertSchema.shape)[];

/**
 * Who is to be told of a configuration that cannot be used: as much of NOTIFY_... as is right, whatever else is wrong. Throws
 * AppError usage or configuration where there is no such file.
 */
export async function loadAlerts(options: LoadOptions): Promise<Pick<ProjectConfig, 'project' | 'alerts'>> {
  const wanted = [...names, 'PROJECT_NAME'] as const;
  const { sources, problems } = await openSources(options, wanted);
  const values = await fetchValues(sources, { names: wanted, environment: options.environment, problems });
  const { data: project } = projectSchema.shape.PROJECT_NAME.safeParse(values.get('PROJECT_NAME'));
  values.delete('PROJECT_NAME');
  return { project: project ?? options.project ?? 'unknown', alerts: toAlertConfig(keepUsable(values)) };
}

/** Leaves out what cannot be used, and then what is of no use without it. */
function keepUsable(values: Map<VariableName, string>): z.output<typeof alertSchema> {
  for (;;) {
    const problems = createProblems();
    const settings = validate(alertSchema, values, problems);
    if (settings !== undefined) findAlertProblems(settings, problems);
    const wrong = problems.list();
    if (settings !== undefined && wrong.length === 0) return settings;
    for (const { name } of wrong) values.delete(name as VariableName);
  }
}
