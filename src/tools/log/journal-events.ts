import { Readable } from 'node:stream';
import type { CommandRunner } from '../../context.ts';
import { describeLine, parseLogLine, priorityOf, type LogLine } from '../../domain/log-line.ts';
import { messageIds } from '../../domain/run-event.ts';

export interface JournalEvents {
  /** Sends a line that tells of a run as a whole; `otherwise` is called when that is not possible. */
  send(text: string, otherwise: () => void): void;
  /** When all are on their way. */
  close(): Promise<void>;
}

/**
 * Sends entries with fields of their own to the journal, with logger(1) of util-linux: Node has no datagram sockets. `pid` is this
 * process, which the journal notes as what the entry is about.
 */
export function createJournalEvents(commands: CommandRunner, pid: number): JournalEvents {
  let last: Promise<void> = Promise.resolve();
  return {
    send(text, otherwise) {
      const line = parseLogLine(text);
      if (line === undefined) return otherwise();
      const entry = formatEntry(line, pid);
      // One after the other: the end of a run must not overtake its start.
      const before = last;
      last = (async () => {
        await before;
        if (!(await isSent(commands, entry))) otherwise();
      })();
    },
    close: () => last,
  };
}

/**
 * logger has gone before journald looks up which unit it was of, about one time in four (measured, systemd 252): `journalctl -u` does
 * not show the entry then. So nobody waits for it for a tenth of a second; a process that has ended still has its unit until
 * somebody does. As its exit code is nobody's either, what it says on stderr tells that it failed.
 */
const script = 'exec 3<&0; logger --journald <&3 & exec sleep 0.1';

async function isSent(commands: CommandRunner, entry: string): Promise<boolean> {
  try {
    // Not `run`, which an interrupted run refuses.
    const command = { file: 'sh', args: ['-c', script], stdin: Readable.from([entry]), stdout: 'ignore' } as const;
    const { exitCode, stderr } = await commands.start(command).finished;
    return exitCode === 0 && stderr === '';
  } catch {
    // Not even that could be started.
    return false;
  }
}

/** Fields, one a line, as logger reads them; the names are documented in systemd.journal-fields(7), but for our own, AGENT_*. */
function formatEntry(line: LogLine, pid: number): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    MESSAGE: describeLine(line),
    PRIORITY: String(priorityOf(line)),
    MESSAGE_ID: line.event && messageIds[line.event],
    SYSLOG_IDENTIFIER: 'supabase-backup',
    AGENT_PROJECT: line.project,
    AGENT_RUN_ID: line.runId,
    OBJECT_PID: String(pid),
  };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`]));
  return lines.join('');
}
