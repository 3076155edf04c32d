#!/usr/bin/env -S node --
// The two dashes: Node takes `--env-file` for an option of its own, wherever it stands, unless they come first.
import { runCli } from './cli/run.ts';

process.exit(await runCli(process.argv));
