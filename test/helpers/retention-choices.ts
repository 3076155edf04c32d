import type { RetentionRules } from '../../src/domain/retention.ts';

export type Random = () => number;

export const upTo = (random: Random, limit: number): number => Math.floor(random() * (limit + 1));

export function randomRules(random: Random): RetentionRules {
  const few = (limit: number): number => (random() < 0.5 ? 0 : upTo(random, limit));
  return { days: upTo(random, 60), minimumBackups: upTo(random, 8), daily: few(8), weekly: few(8), monthly: few(8) };
}
