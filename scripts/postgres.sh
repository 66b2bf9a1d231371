#!/usr/bin/env bash
# A PostgreSQL of its own for tests, in a folder, on a free loopback port, never as root.
#   postgres.sh start DIR [SETTING=VALUE...]   makes and starts it; prints the connection string of its owner
#   postgres.sh restart DIR                    starts it again where it was
#   postgres.sh stop DIR [MODE]                stops it (fast; immediate is a crash)
set -euo pipefail
action="$1" folder="$2"
shift 2
tools=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
[ -n "$tools" ] || { echo "PostgreSQL is not installed: scripts/install-services.sh" >&2; exit 1; }

# as COMMAND...: as the folder's owner, who is not root.
as() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

begin() {
  # What it writes goes to its own log; nothing of ours stays open behind it.
  as "$tools/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1 </dev/null
}

case "$action" in
start)
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$folder"; fi
  chmod 700 "$folder"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  as sh -c "umask 077 && printf '%s' '$password' >'$folder/password'"
  as "$tools/initdb" -D "$folder/data" -U kavalek -A scram-sha-256 --pwfile="$folder/password" --no-sync -E UTF8 --locale=C >/dev/null
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  settings=("port=$port" "listen_addresses='127.0.0.1'" "unix_socket_directories=''" "max_connections=300" "shared_buffers=128MB" "max_wal_size=1GB"
    # Logs that are useless to whoever takes them: no statement, no row, no address (docs/postgres.md).
    "log_error_verbosity=terse" "log_min_error_statement=panic" "log_statement=none" "log_connections=off" "log_disconnections=off" "log_parameter_max_length_on_error=0" "log_parameter_max_length=0"
    "$@")
  printf '%s\n' "${settings[@]}" | as tee -a "$folder/data/postgresql.conf" >/dev/null
  begin
  echo "Host=127.0.0.1;Port=$port;Database=postgres;Username=kavalek;Password=$password"
  ;;
restart) begin ;;
stop) as "$tools/pg_ctl" -D "$folder/data" -m "${1:-fast}" -w stop >/dev/null ;;
*) echo "start, restart or stop" >&2; exit 2 ;;
esac
