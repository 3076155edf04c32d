#!/usr/bin/env node
import { runCli } from './cli/run.ts';

process.exit(await runCli(process.argv));
