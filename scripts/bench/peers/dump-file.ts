import { analyze, database, onTarget, oneTable, passphrase, type Peer, type Place } from './peer.ts';

/** What most scripts do: pg_dump's own compression (gzip), then Borg with its defaults. */
export function describeDumpFile(place: Place): Peer {
  return describe(place, { name: '`pg_dump -Fc` to a file, Borg', dump: '', create: '' });
}

/** The same by somebody who knows that a compressed dump cannot be deduplicated. */
export function describePlainDumpFile(place: Place): Peer {
  const name = '`pg_dump -Fc -Z0` to a file, Borg with zstd';
  return describe(place, { name, dump: ' -Z0', create: ' --compression zstd' });
}

interface Manner {
  readonly name: string;
  /** Options of pg_dump, and of `borg create`, each with a blank before it. */
  readonly dump: string;
  readonly create: string;
}

function describe(place: Place, { name, dump, create }: Manner): Peer {
  const fetch = 'borg extract "::$(borg list --last 1 --short)"';
  const restore = (options: string): string =>
    `cd ~; ${fetch}; ${onTarget(place, `pg_restore --exit-on-error --single-transaction --dbname=${database}${options} shop.dump`)}; rm shop.dump; ${analyze(place)}`;
  return {
    name,
    files: {},
    environment: { BORG_REPO: place.repository, BORG_PASSPHRASE: passphrase },
    scripts: {
      init: 'borg init --encryption repokey-blake2',
      backup: `cd ~; pg_dump -Fc${dump} --file=shop.dump ${database}; borg create${create} ::$(date +%s%N) shop.dump; rm shop.dump`,
      restore: restore(''),
      restoreTable: restore(` --table=${oneTable}`),
      verify: 'borg check --verify-data',
      list: 'borg list',
    },
  };
}
