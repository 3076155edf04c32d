import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatArchiveName, formatBackupId, formatPartialName, type ArchiveKind } from '../../../src/domain/archive-name.ts';
import { groupAllBackups, groupBackups, selectBackup, type ListedArchive } from '../../../src/domain/backup-list.ts';
import type { BackupStatus } from '../../../src/domain/retention.ts';

const archive = (name: string, status: BackupStatus = 'complete'): ListedArchive => ({ name, status });

describe('groupBackups', () => {
  test('puts a run’s archives together, newest run first', () => {
    const backups = groupBackups(
      [
        archive('shop-20261119T020000Z-database'),
        archive('shop-20261120T020000Z-storage'),
        archive('shop-20261120T020000Z-database'),
      ],
      'shop',
    );
    expect(backups).toEqual([
      {
        backupId: 'shop-20261120T020000Z',
        startedAt: new Date('2026-11-20T02:00:00Z'),
        status: 'complete',
        safety: false,
        storageOnly: false,
        archives: [archive('shop-20261120T020000Z-database'), archive('shop-20261120T020000Z-storage')],
      },
      {
        backupId: 'shop-20261119T020000Z',
        startedAt: new Date('2026-11-19T02:00:00Z'),
        status: 'complete',
        safety: false,
        storageOnly: false,
        archives: [archive('shop-20261119T020000Z-database')],
      },
    ]);
  });

  test('tells a backup of Storage alone from one that has lost its database, or its Storage', () => {
    const statusOf = (names: readonly string[], runKinds: readonly ArchiveKind[]) => {
      const archives = names.map((kind) => ({ ...archive(`shop-20261120T020000Z-${kind}`), runKinds }));
      return groupBackups(archives, 'shop').map(({ status, storageOnly }) => [status, storageOnly]);
    };
    expect(statusOf(['storage'], ['storage'])).toEqual([['complete', true]]);
    expect(statusOf(['storage'], ['database', 'storage'])).toEqual([['incomplete', false]]);
    expect(statusOf(['database'], ['database', 'storage'])).toEqual([['incomplete', false]]);
    expect(statusOf(['database', 'storage'], ['database', 'storage'])).toEqual([['complete', false]]);
    expect(statusOf(['database'], ['database'])).toEqual([['complete', false]]);
  });

  test('leaves out other projects, unfinished archives, checkpoints and names that are not ours', () => {
    const names = [
      'shop-test-20261120T020000Z-database',
      'shop-pre-restore-20261120T020000Z-database',
      'shopping-20261120T020000Z-database',
      'Shop-20261120T020000Z-database',
      '.partial-shop-20261120T020000Z-database',
      '.partial-shop-20261120T020000Z-database.checkpoint',
      'shop-20261120T020000Z-database.checkpoint',
      'shop-20261131T020000Z-database',
      'shop-20261120T020000Z',
      'laptop-home',
    ];
    expect(
      groupBackups(
        names.map((name) => archive(name)),
        'shop',
      ),
    ).toEqual([]);
  });

  test('keeps what else the caller knows of an archive', () => {
    const [backup] = groupBackups([{ ...archive('shop-20261120T020000Z-database'), id: 'abc' }], 'shop');
    expect(backup?.archives[0]?.id).toBe('abc');
  });

  test.each([
    ['complete', 'complete', 'complete'],
    ['complete', 'incomplete', 'incomplete'],
    ['complete', 'unknown', 'unknown'],
    ['unknown', 'incomplete', 'incomplete'],
    ['incomplete', 'unknown', 'incomplete'],
    ['unknown', 'complete', 'unknown'],
  ] as const)('a database %s and a storage %s make a backup that is %s', (database, storage, status) => {
    const archives = [archive('shop-20261120T020000Z-database', database), archive('shop-20261120T020000Z-storage', storage)];
    expect(groupBackups(archives, 'shop')).toMatchObject([{ status }]);
  });

  test('what an interrupted removal has left does not count as a good backup', () => {
    expect(groupBackups([archive('shop-20261120T020000Z-storage')], 'shop')).toMatchObject([{ status: 'incomplete' }]);
  });
});

describe('selectBackup', () => {
  const names = ['shop-20261121T020000Z', 'shop-20261120T140000Z', 'shop-20261120T020000Z', 'shop-20261019T020000Z'];
  const backups = groupBackups(
    names.map((name, index) => archive(`${name}-database`, index === 0 ? 'incomplete' : 'complete')),
    'shop',
  );
  const select = (text: string): unknown => {
    const selection = selectBackup(backups, text);
    return 'backup' in selection ? selection.backup.backupId : selection;
  };

  test.each([
    ['latest', 'shop-20261120T140000Z'],
    ['shop-20261121T020000Z', 'shop-20261121T020000Z'],
    ['shop-20261120T020000Z-database', 'shop-20261120T020000Z'],
    ['shop-202610', 'shop-20261019T020000Z'],
    ['20261121', 'shop-20261121T020000Z'],
    ['20261120T14', 'shop-20261120T140000Z'],
  ])('%s is %s', (text, backupId) => {
    expect(select(text)).toBe(backupId);
  });

  test('a beginning that several share is ambiguous, and names them', () => {
    expect(select('20261120')).toEqual({ failure: 'ambiguous', candidates: [names[1], names[2]] });
  });

  test.each(['', 'shop-20261122', 'shop-20261121T020000Z-storage', '0261121', 'other'])('%j is not found', (text) => {
    expect(select(text)).toEqual({ failure: 'not found', candidates: names });
  });

  test('without a complete backup, the latest is the newest', () => {
    const incomplete = groupBackups([archive('shop-20261121T020000Z-database', 'incomplete')], 'shop');
    expect(selectBackup(incomplete, 'latest')).toEqual({ backup: incomplete[0] });
  });

  test('without backups there is nothing to select', () => {
    expect(selectBackup([], 'latest')).toEqual({ failure: 'no backups', candidates: [] });
  });

  test('an id of a project that is called latest or like a date finds its backup', () => {
    const odd = groupBackups([archive('2026-20261121T020000Z-database'), archive('2026-20251121T020000Z-database')], '2026');
    expect(selectBackup(odd, '2026-2025')).toEqual({ backup: odd[1] });
  });
});

describe('safety backups', () => {
  const names = [
    'shop-20261121T020000Z',
    'shop-pre-restore-20261120T090000Z',
    'shop-20261120T020000Z',
    'shop-pre-restore-20261105T090000Z',
    'shop-pre-restore-20261030T090000Z',
  ];
  const others = [
    'shop-test-pre-restore-20261120T090000Z',
    'shop-pre-restore-x-20261120T090000Z',
    'pre-restore-20261120T090000Z',
  ];
  const archives = [...names, ...others].map((name) => archive(`${name}-database`));
  const backups = groupAllBackups(archives, 'shop');
  const select = (text: string, among = backups): unknown => {
    const selection = selectBackup(among, text);
    return 'backup' in selection ? selection.backup.backupId : selection;
  };

  test('are listed among the backups of their project, and marked', () => {
    expect(backups.map(({ backupId }) => backupId)).toEqual(names);
    expect(backups.map(({ safety }) => safety)).toEqual([false, true, false, true, true]);
  });

  test('of a project of which there is no other backup are found, too', () => {
    expect(groupAllBackups(archives, 'shop-test').map(({ backupId, safety }) => [backupId, safety])).toEqual([
      [others[0], true],
    ]);
    expect(groupAllBackups(archives, 'shop-pre-restore-x')).toMatchObject([{ backupId: others[1], safety: false }]);
    expect(groupAllBackups(archives, 'pre-restore')).toMatchObject([{ backupId: others[2], safety: false }]);
  });

  test.each([
    ['shop-pre-restore-20261120T090000Z', names[1]],
    ['shop-pre-restore-20261105T090000Z-database', names[3]],
    ['shop-pre-restore-202610', names[4]],
    ['pre-restore-20261105', names[3]],
    ['latest', names[0]],
    ['20261120', names[2]],
    ['shop-20261120', names[2]],
  ])('%s is %s', (text, backupId) => {
    expect(select(text)).toBe(backupId);
  });

  test.each(['shop-pre-restore', 'pre-restore', 'shop-p', 'shop-pre-restore-202611'])('%s could be several', (text) => {
    const candidates = text.endsWith('11') ? [names[1], names[3]] : [names[1], names[3], names[4]];
    expect(select(text)).toEqual({ failure: 'ambiguous', candidates });
  });

  test('are never meant by a time alone, even if no backup of that time is left', () => {
    for (const text of ['20261105', '202610', '20261105T090000Z', 'shop-202610', 'restore-20261105', 'x-pre-restore-2026']) {
      expect(select(text)).toMatchObject({ failure: 'not found', candidates: [names[0], names[2]] });
    }
  });

  test('are never the latest, nor what the beginning of the name of the project means', () => {
    const only = backups.filter(({ safety }) => safety).slice(0, 1);
    for (const text of ['latest', '', 's', 'shop', 'shop-', '2', 'pre']) {
      expect(select(text, only)).toEqual({ failure: 'no backups', candidates: [] });
    }
    expect(select('pre-restore', only)).toBe(names[1]);
  });

  test('of a project whose own name says so are told from its backups', () => {
    const own = groupAllBackups(
      ['pre-restore-x-20261121T020000Z-database', 'pre-restore-x-pre-restore-20261121T020000Z-database'].map((name) =>
        archive(name),
      ),
      'pre-restore-x',
    );
    expect(select('pre-restore-x-2026', own)).toBe('pre-restore-x-20261121T020000Z');
    expect(select('pre-restore-x-p', own)).toBe('pre-restore-x-pre-restore-20261121T020000Z');
    expect(select('pre-restore-2026', own)).toBe('pre-restore-x-pre-restore-20261121T020000Z');
  });
});

test('whatever is in the repository, every finished archive of the project is in exactly one backup', () => {
  const times = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true });
  const finished = fc.record({
    project: fc.constantFrom('shop', 'shop-test', 'x', 'shop-pre-restore', 'shop-pre-restore-x'),
    startedAt: times,
    kind: fc.constantFrom('database' as const, 'storage' as const),
    partial: fc.boolean(),
  });
  const property = fc.property(fc.array(finished), (runs) => {
    const named = runs.map((run) => ({
      ...run,
      name: formatArchiveName(formatBackupId(run.project, run.startedAt), run.kind),
    }));
    const listed = named.map((run) => archive(run.partial ? formatPartialName(run.name) : run.name));
    const backups = groupBackups(listed, 'shop');
    const expected = named.filter((run) => !run.partial && run.project === 'shop').map((run) => run.name);
    expect(backups.flatMap((backup) => backup.archives.map(({ name }) => name)).toSorted()).toEqual(expected.toSorted());
    const starts = backups.map((backup) => backup.startedAt.getTime());
    expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => b - a));
    const all = groupAllBackups(listed, 'shop');
    expect(all.filter(({ safety }) => !safety)).toEqual(backups);
    for (const backup of all) expect(selectBackup(all, backup.backupId)).toEqual({ backup });
    expect(selectBackup(all, 'latest')).toEqual(selectBackup(backups, 'latest'));
  });
  fc.assert(property, { numRuns: 1000 });
});
