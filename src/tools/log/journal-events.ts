import { Readable } from 'node:stream';
import type { CommandRunner } from '../../context.ts';
import { describeLine, parseLogLine, priorityOf, type LogLine } from '../../domain/log-line.ts';
import { messageIds } from '../../domain/run-event.ts';

export interface JournalEvents {
  /** Sends a line that tells of a run as a whole, if that is possible. */
  send(text: string): void;
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
    send(text) {
      const line = parseLogLine(text);
      if (line === undefined) return;
      const entry = formatEntry(line, pid);
      // One after the other: the end of a run must not overtake its start.
      const before = last;
      last = (async () => {
        await before;
        await sendEntry(commands, entry);
      })();
    },
    close: () => last,
  };
}

/**
 * logger has often gone before journald looks up which unit it was of: `journalctl -u` does not show the entry then, which is why the line
 * stands on stderr as well. It is less often so (measured, systemd 252) when nobody waits for it for a tenth of a second.
 */
const script = 'exec 3<&0; logger --journald <&3 & exec sleep 0.1';

async function sendEntry(commands: CommandRunner, entry: string): Promise<void> {
  // Not `run`, which an interrupted run refuses.
  const command = { file: 'sh', args: ['-c', script], stdin: Readable.from([entry]), stdout: 'ignore' } as const;
  // What cannot be sent stands on stderr.
  await commands.start(command).finished.catch(() => undefined);
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
