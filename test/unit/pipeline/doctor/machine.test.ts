import { describe, expect, test } from 'vitest';
import { judgeBorg, judgeNode } from '../../../../src/pipeline/doctor/machine.ts';

describe('Node', () => {
  test.each([
    ['v24.2.0', 'ok'],
    ['v24.21.0', 'ok'],
    ['v26.0.0', 'ok'],
    ['v24.1.9', 'failed'],
    ['v20.19.4', 'failed'],
  ])('%s is %s', (version, state) => {
    expect(judgeNode(version)).toMatchObject({ check: 'node', state });
  });
});

describe('Borg', () => {
  test.each([
    ['1.4.0', 'ok'],
    ['1.2.8', 'ok'],
    ['1.2.5', 'ok'],
    ['1.2.4', 'warning'],
    ['1.2.0', 'warning'],
    ['1.1.16', 'failed'],
    ['2.0.0b14', 'failed'],
  ])('%s is %s', (version, state) => {
    expect(judgeBorg(version)).toMatchObject({ check: 'borg', state });
  });

  test('a version with the flaw is told of it, and how to upgrade without losing what it has renamed', () => {
    const { detail, remedy } = judgeBorg('1.2.4');
    expect(detail).toContain('CVE-2023-36811');
    expect(remedy).toContain('bookworm-backports');
    expect(remedy).toContain('borg upgrade --archives-tam');
  });
});
