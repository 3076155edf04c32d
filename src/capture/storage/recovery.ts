import { archivePaths } from '../../domain/manifest.ts';

interface RecoveryFacts {
  readonly archive: string;
  readonly repository: string;
}

/** RECOVERY.md of a storage archive: how to get the objects back with Borg, jq and curl alone. */
export function writeStorageRecovery({ archive, repository }: RecoveryFacts): string {
  return `# How to get the objects of Storage back by hand

This archive was written by supabase-backup-agent. You do not need that program to read it: Borg is enough
(Debian: \`apt install borgbackup jq curl\`).

    export BORG_REPO='${repository.replaceAll("'", String.raw`'\''`)}'
    mkdir restore && cd restore                  # with room for all objects
    borg extract "::${archive}"                  # asks for the passphrase

An archive is whole only if it holds \`${archivePaths.manifest}\`; \`missing\` and \`left\` in it name what the project had and the archive has not.

## Where is which object?

Each bucket has a directory below \`storage\`: \`bucket.json\` are its settings, and each line of \`objects.jsonl\` tells of one object:
its name, the path of its bytes, their size and SHA-256, and as \`object\` the whole row that storage.objects had, with content type,
cache-control, user metadata, owner and times (without the owner where \`listedBy\` in \`${archivePaths.manifest}\` is \`api\`). Ordinary names are paths as they are; where a name could not be a path, the line tells which
path stands for it.

    jq -r '[.name, .path, .sha256] | @tsv' storage/BUCKET/objects.jsonl
    jq -r '.sha256 + "  " + .path' storage/BUCKET/objects.jsonl | sha256sum --check --quiet

## Writing one back

    curl --fail -X POST "$SUPABASE_URL/storage/v1/object/BUCKET/NAME" -H "apikey: $KEY" -H "Authorization: Bearer $KEY" \\
      -H 'x-upsert: true' -H 'Content-Type: ...' -H 'Cache-Control: ...' --data-binary @PATH

NAME has to be percent-encoded. A key that begins with \`sb_secret_\` goes without the Authorization header. The owner and the times of an
object can be set in its row afterwards, with \`SET session_replication_role = replica\`.
`;
}
