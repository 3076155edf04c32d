import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { startCluster, type ClusterAddress } from './cluster.ts';
import { loadSupabaseFixture } from './fixture.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The scratch cluster of this run. */
    cluster: ClusterAddress;
  }
}

/** Starts the cluster of the run with its template databases, unless only unit tests were asked for; returns what ends it. */
export async function setup({ vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (vitest.projects.every((project) => project.name === 'unit')) return undefined;
  const cluster = await startCluster();
  try {
    await createTemplates(cluster.address);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  vitest.provide('cluster', cluster.address);
  return () => cluster.stop();
}

async function createTemplates(address: ClusterAddress): Promise<void> {
  const client = new Client({ host: address.socketDirectory, port: address.port, user: address.user, database: 'postgres' });
  await client.connect();
  await client.query('CREATE DATABASE template_empty');
  await client.query('CREATE DATABASE template_supabase');
  await client.end();
  await loadSupabaseFixture(address, 'template_supabase');
}
