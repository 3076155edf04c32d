import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  archiveKinds,
  formatArchiveName,
  formatBackupId,
  formatPartialName,
  isSafetyProject,
  ownerOf,
  parseArchiveName,
  parseBackupId,
  parsePartialName,
  projectNamePattern,
  safetyProjectOf,
} from '../../../src/domain/archive-name.ts';

const projects = fc.stringMatching(projectNamePattern).filter((project) => !isSafetyProject(project));
const times = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const kinds = fc.constantFrom(...archiveKinds);

test('names look as documented', () => {
  const backupId = formatBackupId('shop', new Date('2026-11-21T02:00:00.999Z'));
  expect(backupId).toBe('shop-20261121T020000Z');
  expect(formatArchiveName(backupId, 'database')).toBe('shop-20261121T020000Z-database');
  expect(formatPartialName('shop-20261121T020000Z-database')).toBe('.partial-shop-20261121T020000Z-database');
});

test('what is formatted can be read again', () => {
  const property = fc.property(projects, times, kinds, (project, startedAt, kind) => {
    const backupId = formatBackupId(project, startedAt);
    const name = formatArchiveName(backupId, kind);
    expect(parseBackupId(backupId)).toEqual({ project, startedAt });
    expect(parseArchiveName(name)).toEqual({ backupId, project, startedAt, kind });
    expect(parsePartialName(formatPartialName(name))).toEqual({ backupId, project, startedAt, kind });
    expect(parsePartialName(`${formatPartialName(name)}.checkpoint`)?.backupId).toBe(backupId);
    expect(parsePartialName(`${formatPartialName(name)}.checkpoint.12`)?.backupId).toBe(backupId);
  });
  fc.assert(property, { numRuns: 2000 });
});

test('a partial archive is never taken for a finished one, nor the other way round', () => {
  const property = fc.property(projects, times, kinds, (project, startedAt, kind) => {
    const name = formatArchiveName(formatBackupId(project, startedAt), kind);
    expect(parseArchiveName(formatPartialName(name))).toBeUndefined();
    expect(parseArchiveName(`${name}.checkpoint`)).toBeUndefined();
    expect(parsePartialName(name)).toBeUndefined();
  });
  fc.assert(property, { numRuns: 2000 });
});

test('whatever can be read at all is formatted to the same text', () => {
  // Times that are, and those just beyond: digits at random hardly ever are one.
  const part = (width: number, max: number) => fc.integer({ min: 0, max }).map((number) => String(number).padStart(width, '0'));
  const stamps = fc
    .tuple(part(4, 9999), part(2, 13), part(2, 32), part(2, 24), part(2, 60), part(2, 60))
    .map(([year, month, day, hour, minute, second]) => `${year}${month}${day}T${hour}${minute}${second}Z`);
  let read = 0;
  const property = fc.property(fc.oneof(projects, fc.string()), stamps, kinds, (project, stamp, kind) => {
    const name = `${project}-${stamp}-${kind}`;
    const parsed = parseArchiveName(name);
    if (parsed === undefined) return;
    read += 1;
    expect(formatArchiveName(formatBackupId(parsed.project, parsed.startedAt), parsed.kind)).toBe(name);
  });
  fc.assert(property, { numRuns: 2000 });
  expect(read).toBeGreaterThan(100);
});

describe('safety backups', () => {
  test('are called after the project that is backed up', () => {
    const backupId = formatBackupId(safetyProjectOf('shop'), new Date('2026-11-21T02:00:00Z'));
    expect(backupId).toBe('shop-pre-restore-20261121T020000Z');
  });

  test('belong to their project and to no other, however long or odd its name is', () => {
    const odd = fc.constantFrom(
      'pre-restore',
      'a'.repeat(63),
      'shop-pre-restore-x',
      'shop_pre-restore',
      'shop-20261121T020000Z',
    );
    const property = fc.property(fc.oneof(projects, odd), times, kinds, (owner, startedAt, kind) => {
      const project = safetyProjectOf(owner);
      const backupId = formatBackupId(project, startedAt);
      const name = formatArchiveName(backupId, kind);
      expect(parseBackupId(backupId)).toEqual({ project, startedAt });
      expect(parseArchiveName(name)).toEqual({ backupId, project, startedAt, kind });
      expect(parsePartialName(`${formatPartialName(name)}.checkpoint`)).toEqual({ backupId, project, startedAt, kind });
      expect([isSafetyProject(project), ownerOf(project)]).toEqual([true, owner]);
      expect([isSafetyProject(owner), ownerOf(owner)]).toEqual([false, owner]);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe('what is not a name of ours', () => {
  test.each([
    'shop-20260231T020000Z-database',
    'shop-20261121T250000Z-database',
    'shop-20261121T020060Z-database',
    'shop-20261121T020000Z-roles',
    'shop-20261121T020000Z-database\n',
    'shop-20261121T020000-database',
    '-20261121T020000Z-database',
    '.shop-20261121T020000Z-database',
    'a/b-20261121T020000Z-database',
    '-pre-restore-20261121T020000Z-database',
    'shop-pre-restore-pre-restore-20261121T020000Z-database',
    `${'a'.repeat(64)}-pre-restore-20261121T020000Z-database`,
    '',
  ])('%j', (name) => {
    expect(parseArchiveName(name)).toBeUndefined();
  });

  test.each(['shop', 'shop-20260231T020000Z', '20261121T020000Z', 'shop-20261121T020000Z-database'])('%j as an id', (text) => {
    expect(parseBackupId(text)).toBeUndefined();
  });
});

test.each([
  ['shop', true],
  ['Shop_1.prod-eu', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['', false],
  ['-shop', false],
  ['.shop', false],
  ['sh op', false],
  ['shop/eu', false],
  ['schöp', false],
  ['shop\n', false],
])('%j may be a project name: %s', (name, allowed) => {
  expect(projectNamePattern.test(name)).toBe(allowed);
});
