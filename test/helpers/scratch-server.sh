#!/bin/sh
# Makes, starts and in the end removes a scratch PostgreSQL server: scratch-server.sh PROGRAMS SUPERUSER (the directory of
# initdb, and the name of the role that it makes).
#
# Reads the superuser's password (one line) and lines of postgresql.conf up to an empty line; says the server's directory
# once the server runs; ends it as soon as standard input ends. That is when the process at the other end asks for it, and
# just as well when that process was killed, at whatever moment: nobody else has to clean up.
set -eu
programs=$1
superuser=$2
cd /

# PostgreSQL refuses to run as root; Debian's packages bring the user `postgres` for it.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

directory=$(as_server mktemp --directory --tmpdir agent-cluster-XXXXXX)
remove() {
  if [ -e "$directory/data/postmaster.pid" ]; then
    as_server "$programs/pg_ctl" --pgdata "$directory/data" --mode immediate --silent stop || true
  fi
  rm -rf "$directory"
}
trap remove EXIT
trap 'exit 1' HUP INT TERM
# Without this, saying something to a reader that is gone would end the script before its clean-up.
trap : PIPE

IFS= read -r password
printf '%s\n' "$password" | as_server tee "$directory/password" >/dev/null
as_server "$programs/initdb" --no-sync --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 \
  --username="$superuser" --pwfile="$directory/password" --pgdata="$directory/data" >/dev/null
echo "unix_socket_directories = '$directory'" >>"$directory/data/postgresql.conf"
while IFS= read -r line && [ -n "$line" ]; do
  echo "$line" >>"$directory/data/postgresql.conf"
done

if ! as_server "$programs/pg_ctl" --pgdata "$directory/data" --log "$directory/server.log" --silent --wait start; then
  cat "$directory/server.log" >&2
  exit 1
fi
echo "$directory"
cat >/dev/null
