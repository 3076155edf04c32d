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
    // A test in which no assertion was reached, because a condition or an empty list left it out, fails.
    expect: { requireAssertions: true },
    // Of what runs in the processes of the tests; the agent as a process of its own (e2e) is not seen.
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      // Starts the process and flushes its output: only from outside can that be tested, and test/e2e does.
      exclude: ['src/main.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 95 },
    },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'], testTimeout: 5 * minuteMs },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          provide: { agentRuns: 'in the test' },
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 10 * minuteMs,
          hookTimeout: 3 * minuteMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          provide: { agentRuns: 'as a process' },
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 10 * minuteMs,
          hookTimeout: 3 * minuteMs,
        },
      },
      {
        extends: true,
        // Few rounds of each fault; all of them by `npm run test:faults`.
        test: {
          name: 'faults',
          provide: { agentRuns: 'as a process' },
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 10 * minuteMs,
          hookTimeout: 3 * minuteMs,
        },
      },
    ],
  },
});
