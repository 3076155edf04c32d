import { analyze, database, onTarget, oneTable, passphrase, type Peer, type Place } from './peer.ts';

/**
 * A dump through standard input, in the custom format so that a table can be taken out of it, and not compressed so that restic finds what
 * has not changed. Repository version 2 with compression `auto` (zstd), both its defaults.
 */
export function describeRestic(place: Place): Peer {
  const restore = onTarget(place, `pg_restore --exit-on-error --single-transaction --dbname=${database}`);
  return {
    name: 'restic, `pg_dump -Fc -Z0` by stdin',
    files: {},
    environment: { RESTIC_REPOSITORY: place.repository, RESTIC_PASSWORD: passphrase },
    scripts: {
      init: 'restic init --repository-version 2',
      backup: `pg_dump -Fc -Z0 ${database} | restic backup --stdin --stdin-filename shop.dump --compression auto`,
      restore: `restic dump latest shop.dump | ${restore}; ${analyze(place)}`,
      // Not through a pipe: pg_restore reads no further than the table, and a restic whose reader has gone dies and leaves its lock behind.
      restoreTable: `cd ~; restic dump latest shop.dump > shop.dump; ${restore} --table=${oneTable} shop.dump; rm shop.dump; ${analyze(place)}`,
      verify: 'restic check --read-data',
      list: 'restic snapshots',
    },
  };
}
