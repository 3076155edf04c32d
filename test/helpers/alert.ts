import type { Alert } from '../../src/domain/alerts/alert.ts';

const startedAt = new Date('2026-11-21T02:00:00Z');

/** The alert of a backup that failed, or of something else. */
export function createTestAlert(about: Partial<Alert> = {}): Alert {
  return {
    id: '3f0c5a52-6d8a-4d3a-9f0e-0d6f7a1c2b3d',
    events: ['failure'],
    project: 'shop',
    hostname: 'backup-1',
    agentVersion: '0.1.0',
    at: new Date('2026-11-21T02:00:42Z'),
    run: { command: 'backup', status: 'failed', backupId: undefined, startedAt, durationMs: 42_000, exitCode: 20 },
    error: { code: 'source_unreachable', message: 'PostgreSQL at me@db:5432/app: refused.', hint: 'Start it <now> & here.' },
    reason: undefined,
    notCaptured: [],
    lastComplete: { backupId: 'shop-20261120T020000Z', startedAt: new Date('2026-11-20T02:00:00Z') },
    ...about,
  };
}
