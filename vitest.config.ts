import { defineConfig } from 'vitest/config';

const minuteMs = 60_000;

export default defineConfig({
  test: {
    pool: 'forks',
    // Each file of the integration and e2e projects keeps a server, Borg and pg_dump busy; but it also waits, for locks and limits of time. On two
    // cores two files at a time left a third of them idle.
    maxWorkers: 3,
    // One scratch PostgreSQL cluster for the whole run; not started for `--project unit`.
    globalSetup: 'test/helpers/global-setup.ts',
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'], testTimeout: minuteMs / 2 },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: minuteMs, hookTimeout: minuteMs },
      },
      {
        extends: true,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 3 * minuteMs, hookTimeout: minuteMs },
      },
    ],
  },
});
