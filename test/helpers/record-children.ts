import { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';

// Loaded into an agent by NODE_OPTIONS: notes what each child is given, however short it lives.

const file = process.env['RECORD_CHILDREN']!;
const prototype = ChildProcess.prototype as unknown as { spawn(options: { args: string[]; envPairs: string[] }): unknown };
const original = prototype.spawn;
prototype.spawn = function spawn(options) {
  appendFileSync(file, `${JSON.stringify({ args: options.args, environment: options.envPairs })}\n`);
  return original.call(this, options);
};
