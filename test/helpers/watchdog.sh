#!/bin/sh
# Stops the scratch server below $1 and removes $1 as soon as standard input ends: when the process that holds the other
# end asks for it, and just as well when that process was killed. $2 is the directory of PostgreSQL's programs.
directory=$1
programs=$2
cat >/dev/null

stop="$programs/pg_ctl --pgdata $directory/data --mode immediate --silent stop"
if [ -e "$directory/data/postmaster.pid" ]; then
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && runuser -u postgres -- $stop)
  else
    (cd / && $stop)
  fi
fi
rm -rf "$directory"
