import type { Variable } from './variable.ts';

const logs = 'Logs';

/** The variables of the log (docs/logs.md). LOG_LEVEL is one of the environment alone: it is that of a process, not of a project. */
export const logVariables = {
  LOG_FILE: {
    section: logs,
    description:
      'A file that JSON lines of every run are added to as well, at level info or, with --log-level debug, all. logrotate/supabase-backup rotates /var/log/supabase-backup/*.log.',
    path: true,
    example: '/var/log/supabase-backup/agent.log',
  },
  LOG_FORMAT: {
    section: logs,
    description:
      'How lines of the log look on stderr: json, pretty (for people), or auto: pretty at a terminal and in the journal of systemd, json elsewhere.',
    defaultValue: 'auto',
  },
} as const satisfies Record<string, Variable>;
