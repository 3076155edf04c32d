#!/usr/bin/env -S node --max-semi-space-size=4 --heap-growing-percent=40 --
// The first two options keep the process small (ADR 10). The two dashes: Node takes `--env-file` for an option of its own, wherever it
// stands, unless they come first.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the program, where nobody else may write, and not in /tmp as by default: it halves the start.
enableCompileCache(fileURLToPath(new URL('../.node/compile-cache', import.meta.url)));

const { runCli } = await import('./cli/run.ts');
const exitCode = await runCli(process.argv);
// What was written into a pipe may still be on its way: a reader that has gone is no reason to wait.
const flush = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.once('error', () => resolve()).write('', () => resolve()));
await Promise.all([flush(process.stdout), flush(process.stderr)]);
process.exit(exitCode);
