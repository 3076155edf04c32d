import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RunRecord } from '../../src/state-store.ts';
import { startAgent, type AgentResult } from './agent.ts';
import type { KilledCommand, KillPoint } from './faults-kill-points.ts';
import {
  expectNobody,
  expectNothingLeft,
  expectSuccess,
  finishedNames,
  isOld,
  lookAtTarget,
  prepare,
  readHistory,
  type KillScene,
} from './faults-kill-scene.ts';
import { isThere, listPrograms, revive, sendKill, strike, waitUntil, type Program, type Victim } from './faults-victims.ts';

/** A moment of a run at which somebody is killed: so long after its start, and not before he is there. */
export interface KillMoment {
  readonly command: KilledCommand;
  readonly victim: Victim;
  readonly atMs: number;
  /** How long he has lived by then, if he was not there before. */
  readonly agedMs: number;
}

/** What came of it, in the words of docs/reliability.md. */
export type KillEnd = 'interrupted' | 'failed with its error' | 'complete all the same' | 'over before the kill';

interface Struck {
  readonly result: AgentResult;
  readonly hit: boolean;
  /** Whether the run has come to where somebody was to be killed, as far as its log tells. */
  readonly cameThere: boolean;
}

const agents: readonly Victim[] = ['agent', 'all'];

/** Runs a command, kills somebody in it, and looks at what is left; then the same command has to succeed without help. */
export async function tryKill(scene: KillScene, kill: KillPoint | KillMoment, told: string): Promise<KillEnd> {
  const { command, victim } = kill;
  const namesBefore = await finishedNames(scene);
  await prepare(scene, command, namesBefore);
  const targetBefore = await lookAtTarget(scene);
  const newest = readHistory(scene)[0]!.runId;

  const { result, hit, cameThere } = await runStruck(scene, kill);
  expect(cameThere, told).toBe(true);
  await expectNobody(scene, told);
  expectEnd(result, kill, hit, told);
  const record = readHistory(scene)[0]!;
  if (record.runId !== newest) expectRecord(record, result, told);
  const names = await finishedNames(scene);
  expect(names, told).toEqual(expect.arrayContaining(namesBefore.filter((name) => !isOld(name))));
  const targetAfter = await lookAtTarget(scene);
  const isUntouched = JSON.stringify(targetAfter) === JSON.stringify(targetBefore);

  // A restore that was killed behind its transaction has filled the target: as of any other that is not empty, --clean is for that.
  const next = await (isUntouched ? scene.run(command) : scene.run('restore --clean'));
  expectSuccess(next, `the next run after ${told}`);
  if (command.startsWith('restore')) {
    const restored = await lookAtTarget(scene);
    expect(restored, told).toEqual(await lookAtTarget({ target: scene.source }));
    // With several jobs indexes come one by one, after the transaction.
    if (!isUntouched)
      expect(targetAfter, told).toEqual(command === 'restore --jobs=2' ? { ...targetAfter, rows: restored.rows } : restored);
  }
  const killed = readHistory(scene).find(({ runId }) => runId === record.runId)!;
  if (record.status === 'running') expect(killed, told).toMatchObject({ status: 'failed', errorCode: 'interrupted' });
  await expectNothingLeft(scene, told);
  if (!hit) return 'over before the kill';
  if (result.exitCode === 0) return 'complete all the same';
  return agents.includes(victim) ? 'interrupted' : 'failed with its error';
}

async function runStruck(scene: KillScene, kill: KillPoint | KillMoment): Promise<Struck> {
  let lines = '';
  const agent = startAgent([...scene.words(kill.command), '--log-level', 'debug'], {
    ...scene.options,
    onStderrLine: (line) => (lines += `${line}\n`),
  });
  let found: Program | undefined;
  const reached = async (): Promise<boolean> => {
    if ('atMs' in kill) return Promise.race([sleep(kill.atMs, true), agent.finished.then(() => false)]);
    const { when } = kill;
    if (typeof when === 'string') return waitUntil(agent, () => lines.includes(when));
    return waitUntil(agent, () => (found = listPrograms(agent).find(when)) !== undefined);
  };
  const strikeOnceThere = async (): Promise<boolean> => {
    if (found !== undefined && found.name === kill.victim) return sendKill(found.pid);
    if (strike(agent, kill.victim, scene.cluster)) return true;
    if (!(await waitUntil(agent, () => isThere(agent, kill.victim)))) return false;
    if ('agedMs' in kill) await sleep(kill.agedMs);
    return strike(agent, kill.victim, scene.cluster);
  };
  const hit = (await reached()) && (await strikeOnceThere());
  if (hit && kill.victim === 'server') await revive(scene.cluster);
  const result = await agent.finished;
  const cameThere = 'atMs' in kill || typeof kill.when !== 'string' || lines.includes(kill.when);
  return { result, hit, cameThere };
}

function expectEnd(result: AgentResult, kill: KillPoint | KillMoment, hit: boolean, told: string): void {
  const said = `${told}: ${result.stdout} ${result.stderr.slice(-2000)}`;
  if (hit && agents.includes(kill.victim)) {
    expect(result.exitCode, said).toBe(137);
    return;
  }
  if (result.exitCode === 0) {
    if ('error' in kill) expect(hit, said).toBe(false);
    return;
  }
  expect(hit, said).toBe(true);
  const { status, error } = result.json<{ status: string; error: { code: string; exitCode: number; message: string } }>();
  expect({ status, exitCode: error.exitCode }, said).toEqual({ status: 'failed', exitCode: result.exitCode });
  if ('error' in kill) expect(error.code, said).toBe(kill.error);
  // So begins what nobody has foreseen.
  expect(error.message, said).not.toMatch(/^Unexpected/);
}

/** What the history says before another run has looked at it. */
function expectRecord(record: RunRecord, result: AgentResult, told: string): void {
  if (result.exitCode === 0) expect(record, told).toMatchObject({ status: 'complete' });
  else if (result.exitCode !== 137)
    expect(record, told).toMatchObject({ status: 'failed', errorCode: expect.any(String) as string });
}
