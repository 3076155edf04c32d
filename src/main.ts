#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=32768 node --max-semi-space-size=4 --heap-growing-percent=40 --
// Buffers of the network go back to the system when they are freed, and young objects do not wait for 32 MB of each other: together 70 MB
// less memory while objects come (ADR 10). The two dashes: Node takes `--env-file` for an option of its own unless they come first.
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
