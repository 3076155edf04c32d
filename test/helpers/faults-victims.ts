import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listDescendants } from '../../src/tools/process/descendants.ts';
import type { RunningAgent } from './agent.ts';
import type { Cluster } from './cluster.ts';

/**
 * Who is killed: the agent alone, as for want of memory; it and all that it has started, as systemd does; one of its programs; the source's or target's
 * server; or the server that a drill has started.
 */
export type Victim = 'agent' | 'all' | 'borg' | 'pg_dump' | 'pg_restore' | 'psql' | 'server' | 'scratch server';

/** A program that the agent has started. */
export interface Program {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
}

const pollMs = 2;

/** All that it has started, directly or not, and that still runs. */
export function listPrograms(agent: Pick<RunningAgent, 'pid'>): Program[] {
  return listDescendants(agent.pid).flatMap((pid) => readProgram(pid) ?? []);
}

function readProgram(pid: number): Program | undefined {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // What has ended, and was not waited for yet, has no command line.
    return commandLine === '' ? undefined : { pid, name, commandLine };
  } catch {
    return undefined;
  }
}

/** Asks again and again until something answers true, or the agent has ended; answers whether it has happened. */
export async function waitUntil(agent: RunningAgent, happens: () => boolean): Promise<boolean> {
  const over = new AbortController();
  void agent.finished.then(() => over.abort());
  while (!over.signal.aborted) {
    if (happens()) return true;
    await sleep(pollMs);
  }
  return false;
}

/** Kills it (SIGKILL), whoever it is. Answers whether there was anybody to kill. */
export function strike(agent: RunningAgent, victim: Victim, cluster: Cluster): boolean {
  if (victim === 'agent') return isAlive(agent.pid) && sendKill(agent.pid);
  if (victim === 'all') return strikeAll(agent);
  if (victim === 'server') return sendKill(readServer(cluster));
  const found = findVictim(agent, victim);
  return found !== undefined && sendKill(found.pid);
}

/** Whether the agent has started such a program by now. */
export function isThere(agent: RunningAgent, victim: Victim): boolean {
  return findVictim(agent, victim) !== undefined;
}

function findVictim(agent: RunningAgent, victim: Victim): Program | undefined {
  // The server itself, and none of the programs of that name that initdb starts.
  if (victim === 'scratch server')
    return listPrograms(agent).find(({ name, commandLine }) => name === 'postgres' && commandLine.includes(' -D '));
  return listPrograms(agent).find(({ name }) => name === victim);
}

/** It, and all that it has started. */
export function strikeAll(agent: RunningAgent): boolean {
  // Nothing new may be started while all are looked for.
  agent.kill('SIGSTOP');
  for (const pid of listDescendants(agent.pid)) sendKill(pid);
  return isAlive(agent.pid) && sendKill(agent.pid);
}

/** A signal reaches also who has ended and was not waited for yet, and does nothing to him. */
function isAlive(pid: number): boolean {
  return readProgram(pid) !== undefined;
}

function readServer({ address }: Cluster): number {
  return Number(readFileSync(join(address.socketDirectory, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Answers whether it was still there. */
export function sendKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
    return false;
  }
}

/** Starts a server again that was killed: as soon as its last session has noticed. */
export async function revive(cluster: Cluster): Promise<void> {
  const patienceMs = 120_000;
  for (const startedMs = performance.now(); ;) {
    try {
      await cluster.restart('immediate');
      return;
    } catch (error) {
      if (performance.now() - startedMs > patienceMs) throw error;
    }
    await sleep(50);
  }
}
