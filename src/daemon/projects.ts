import { listProjectNames } from '../config/list-projects.ts';
import { loadConfig } from '../config/load.ts';
import type { LoadOptions } from '../config/open.ts';
import { messageOf } from '../errors.ts';
import { toScheduledProject, type ScheduledProject } from './project.ts';

export interface LoadedProjects {
  readonly projects: readonly ScheduledProject[];
  /** Those that cannot be used, and why. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * Reads the files of the projects that are named, or of all there are. All of each file is looked at, secrets too, so that what is wrong is
 * known before the night; but only what the agent needs is kept. Throws AppError when the directory cannot be read.
 */
export async function loadProjects(names: readonly string[], options: LoadOptions): Promise<LoadedProjects> {
  const wanted = names.length > 0 ? [...new Set(names)] : await listProjectNames(options.projectsDirectory);
  const projects: ScheduledProject[] = [];
  const problems = new Map<string, string>();
  for (const name of wanted) {
    try {
      const { config } = await loadConfig({ ...options, envFile: undefined, project: name, askPassword: undefined });
      projects.push(toScheduledProject(name, config));
    } catch (error) {
      problems.set(name, messageOf(error));
    }
  }
  return { projects, problems };
}
