import { readdir } from 'node:fs/promises';
import { projectNamePattern } from '../domain/archive-name.ts';
import { AppError, messageOf } from '../errors.ts';
import { defaultProjectsDirectory } from './open.ts';

/** The names of all projects in the projects' directory, as `--project` takes them. Throws AppError configuration. */
export async function listProjectNames(directory: string = defaultProjectsDirectory): Promise<string[]> {
  const files = await readdir(directory).catch((error: unknown) => {
    throw new AppError('configuration', `The projects' directory ${directory} cannot be read: ${messageOf(error)}.`, {
      hint: 'Run the command as root or as the user of the service. A project is a file NAME.env in it; .env.example describes what stands there.',
      cause: error,
    });
  });
  return files
    .filter((file) => file.endsWith('.env'))
    .map((file) => file.slice(0, -'.env'.length))
    .filter((name) => projectNamePattern.test(name))
    .toSorted();
}
