import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { backup } from '../../../src/pipeline/backup.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { createTestDatabase } from '../../helpers/database.ts';

const reason = new AppError('timed_out', 'It went on for too long.', { hint: 'Look why.' });

test('a time limit ends a backup, but not one that only has to tidy up', async () => {
  const database = await createTestDatabase();
  const repository = await createTestRepository();
  const runTo = async (last: string) => {
    const context = await createTestContext({ database, repository });
    if (last === 'retention') await initialize(context);
    const stageBegins = (stage: string): void => {
      if (stage === last) context.endRun(reason);
    };
    return backup({ ...context, metrics: { ...context.metrics, stageBegins } });
  };
  const finished = await runTo('retention');
  expect(finished.status).toBe('complete');
  expect(finished.warnings).toContain('old backups could not be removed: It went on for too long.');

  await expect(runTo('verify')).rejects.toMatchObject({
    code: 'timed_out',
    message: 'At stage verify: It went on for too long. Nothing was left half done, and earlier backups are as they were.',
    hint: 'Look why.',
  });
  expect((await repository.borg('list', '--short')).split('\n').filter((name) => !name.startsWith('.'))).toHaveLength(1);
});
