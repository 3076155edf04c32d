import { analyze, database, onTarget, oneTable, passphrase, type Peer, type Place } from './peer.ts';

/** Its hook for PostgreSQL as `generate-borgmatic-config` and the documentation give it: custom format, which is compressed. */
export function describeBorgmatic(place: Place): Peer {
  return describe(place, { name: 'borgmatic', compression: 'lz4', options: '' });
}

/** The same told not to compress the dump, and Borg to do so. */
export function describePlainBorgmatic(place: Place): Peer {
  const options = "\n          options: '--compress=0'";
  return describe(place, { name: 'borgmatic with `--compress=0`, zstd', compression: 'zstd', options });
}

interface Manner {
  readonly name: string;
  readonly compression: string;
  /** A further line of the database's configuration. */
  readonly options: string;
}

function describe(place: Place, { name, compression, options }: Manner): Peer {
  const borgmatic = `borgmatic --config ~/borgmatic.yaml`;
  const dump = `.borgmatic/postgresql_databases/localhost/${database}`;
  const { home, repository } = place;
  const configuration = `location:
    source_directories:
        - ${home}/borgmatic.yaml
    repositories:
        - ${repository}
storage:
    encryption_passphrase: ${passphrase}
    compression: ${compression}
hooks:
    postgresql_databases:
        - name: ${database}${options}`;
  const table = onTarget(place, `pg_restore --exit-on-error --single-transaction --dbname=${database} --table=${oneTable}`);
  return {
    name,
    files: { 'borgmatic.yaml': configuration },
    environment: {},
    scripts: {
      init: `${borgmatic} init --encryption repokey-blake2`,
      backup: `${borgmatic} create`,
      restore: onTarget(place, `${borgmatic} restore --archive latest`),
      // Its `restore` knows whole databases only.
      restoreTable: `mkdir ~/out; ${borgmatic} extract --archive latest --path ${home.slice(1)}/${dump} --destination ~/out; ${table} ~/out${home}/${dump}; rm -r ~/out; ${analyze(place)}`,
      verify: `${borgmatic} check --only data --force`,
      list: `${borgmatic} list`,
    },
  };
}
