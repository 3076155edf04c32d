import { expect, test } from 'vitest';
import { createStageClock } from '../../../../src/tools/metrics/stage-clock.ts';

test('a stage lasts until the next one, times of the same stage add up, and a run begins anew', () => {
  let nowMs = 1000;
  const stages = createStageClock({ monotonicMs: () => nowMs });
  const stage = (name: string, ms: number): void => {
    stages.begin(name);
    nowMs += ms;
  };
  expect(stages.end()).toEqual({});
  stage('verify', 20);
  stage('rename', 5.4);
  stage('verify', 10);
  expect(stages.end()).toEqual({ verify: 30, rename: 5 });
  nowMs += 100;
  expect(stages.end()).toEqual({});
  stage('catalog', 7);
  expect(stages.end()).toEqual({ catalog: 7 });
});
