import { analyze, database, onTarget, oneTable, passphrase, type Peer, type Place } from './peer.ts';

const platform = 'information_schema|pg_*|graphql|graphql_public|vault|extensions|pgbouncer|realtime|supabase_migrations';

/**
 * Supabase's guide (Automated backups using GitHub Actions): roles.sql, schema.sql and data.sql by `supabase db dump --role-only`, without an
 * option, and `--data-only --use-copy`; and what they say back with psql. The options are those which that command gives to pg_dump (supabase/cli,
 * dump_*.sh), less those for what only their platform has. The files go to Borg here, to a git repository there.
 */
export function describePlainSql(place: Place): Peer {
  const files = 'roles.sql schema.sql data.sql';
  const fetch = 'cd ~; borg extract "::$(borg list --last 1 --short)"';
  const psql = onTarget(place, `psql --quiet --single-transaction --variable ON_ERROR_STOP=1 --dbname=${database}`);
  const noTriggers = '--command "SET session_replication_role = replica"';
  return {
    name: "SQL of Supabase's guide, Borg with zstd",
    files: {},
    environment: { BORG_REPO: place.repository, BORG_PASSPHRASE: passphrase },
    scripts: {
      init: 'borg init --encryption repokey-blake2',
      backup: [
        'cd ~',
        'pg_dumpall --roles-only --quote-all-identifiers --no-role-passwords --no-comments | sed -E \'s/^(CREATE|ALTER) ROLE "postgres"/-- &/\' > roles.sql',
        `pg_dump --schema-only --quote-all-identifiers --exclude-schema '${platform}' --no-comments ${database} | sed '/^--/d' > schema.sql`,
        `pg_dump --data-only --quote-all-identifiers --exclude-schema '${platform}' --schema '*' ${database} > data.sql`,
        `borg create --compression zstd ::$(date +%s%N) ${files}`,
        `rm ${files}`,
      ].join('; '),
      restore: `${fetch}; ${psql} --file roles.sql --file schema.sql ${noTriggers} --file data.sql; rm ${files}; ${analyze(place)}`,
      // By hand: all definitions, and what stands between COPY and its end.
      restoreTable: [
        fetch,
        `sed -n '/^COPY "public"."${oneTable}"/,/^\\\\\\.$/p' data.sql > table.sql`,
        `${psql} --file schema.sql ${noTriggers} --file table.sql`,
        `rm ${files} table.sql`,
        analyze(place),
      ].join('; '),
      verify: 'borg check --verify-data',
      list: 'borg list',
    },
  };
}
