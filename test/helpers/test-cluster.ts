import { whenTestEnds } from './cleanup.ts';
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts';

/** A server for one test alone, which may then restart or break it. Stopped when the test is over. */
export async function startTestCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await startCluster(options);
  whenTestEnds(() => cluster.stop());
  return cluster;
}
