import { expect, test } from 'vitest';
import type { Command, CommandRunner } from '../../../src/context.ts';
import { startCreate } from '../../../src/tools/borg/create.ts';

/** As Borg 1.4.0 says it. */
const progress =
  '{"original_size": 399110, "compressed_size": 207533, "deduplicated_size": 207533, "nfiles": 3, "path": "database/full.dump", "time": 1795242082.69, "type": "archive_progress", "finished": false}';
const progressAtTheEnd = '{"time": 1795242079.25, "type": "archive_progress", "finished": true}';
const warning =
  '{"type": "log_message", "time": 1795242083.17, "message": "database/full.dump: read: [Errno 28] No space left on device", "levelname": "WARNING", "name": "borg.archiver", "msgid": "BackupOSError"}';

/** Lets a Borg, which there is none of here, say these lines; answers what came of them. */
function listen(...lines: readonly string[]): { bytes: number[]; terminated: number } {
  const heard = { bytes: [] as number[], terminated: 0 };
  let say: Command['onStderrLine'];
  const commands: Pick<CommandRunner, 'start'> = {
    start: (command) => {
      say = command.onStderrLine;
      const terminate = (): Promise<void> => Promise.resolve(void (heard.terminated += 1));
      return { pid: 1, stdout: undefined, finished: new Promise(() => {}), terminate };
    },
  };
  startCreate(
    {
      commands: commands as CommandRunner,
      command: (args) => ({ file: 'borg', args }),
      location: '/repository',
      progress: { step: () => {}, bytes: (bytes) => heard.bytes.push(bytes), end: () => {} },
      noteSizes: () => {},
    },
    { name: 'name', directory: '/run', chunkerParams: 'default', paths: ['RECOVERY.md', 'database/full.dump'] },
  );
  lines.forEach((line) => say!(line));
  return heard;
}

test('progress is passed on', () => {
  expect(listen(progress)).toEqual({ bytes: [399110], terminated: 0 });
  expect(listen(progressAtTheEnd)).toEqual({ bytes: [], terminated: 0 });
});

test('a file of ours that Borg gives up ends it', () => {
  expect(listen(warning)).toEqual({ bytes: [], terminated: 1 });
  expect(listen(warning.replace('database/full.dump', 'elsewhere'))).toEqual({ bytes: [], terminated: 0 });
});

test('what a signal has cut short, or somebody else has said, is passed over', () => {
  expect(listen(progress.slice(0, 60) + warning, 'Killed stale lock vm@1.2-0.', '', 'null')).toEqual({
    bytes: [],
    terminated: 0,
  });
});
