import { agentCommand } from '../agent-run.ts';
import { database, oneTable, passphrase, type Address, type Peer, type Place } from './peer.ts';

/** This agent, as it is installed, with its defaults. */
export function describeAgent({ home, repository, source, target }: Place): Peer {
  const agent = (words: string): string =>
    `${[process.execPath, ...agentCommand].join(' ')} ${words} --env-file ${home}/shop.env`;
  const restore = `restore latest --to ${home}/target.env --confirm target`;
  return {
    name: 'this agent',
    files: {
      'shop.env': [
        'PROJECT_NAME=shop',
        `SUPABASE_DB_URL=${url(source)}`,
        `BORG_REPO=${repository}`,
        `BORG_PASSPHRASE=${passphrase}`,
        `STATE_DIR=${home}/state`,
      ].join('\n'),
      'target.env': ['PROJECT_NAME=target', `SUPABASE_DB_URL=${url(target)}`, 'RESTORE_ALLOWED=true'].join('\n'),
    },
    environment: {},
    scripts: {
      init: agent('init'),
      backup: agent('backup'),
      restore: agent(restore),
      restoreTable: agent(`${restore} --table public.${oneTable}`),
      verify: agent('verify latest --data'),
      list: agent('list'),
    },
  };
}

function url({ socketDirectory, port }: Address): string {
  return `postgresql://postgres@/${database}?host=${socketDirectory}&port=${port}`;
}
