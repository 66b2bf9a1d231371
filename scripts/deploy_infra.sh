#!/usr/bin/env bash
# Makes the secrets that are missing, then starts PostgreSQL and Redis and waits until they are healthy. May be run again at any time.
#   scripts/deploy_infra.sh [--secrets-only]      KAVALEK_SECRETS names the folder of the secrets (infrastructure/secrets)
set -euo pipefail
cd "$(dirname "$0")/../infrastructure"
secrets="${KAVALEK_SECRETS:-$PWD/secrets}"
export KAVALEK_SECRETS="$secrets"

# The folder is closed to everybody else; the files in it are read by the containers' own users, to whom Docker hands each by itself.
umask 022
mkdir -p "$secrets"
chmod 700 "$secrets"
secret() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
write() {
  local file="$secrets/$1"
  # What comes is read all the same: whoever writes it must not fail.
  if [ -s "$file" ]; then cat >/dev/null; return; fi
  cat >"$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
  echo "made $file"
}
secret | write postgres_password
secret | write kavalek_password
secret | write redis_password
printf 'Host=postgres;Database=kavalek;Username=kavalek;Password=%s;GSS Encryption Mode=Disable' "$(cat "$secrets/kavalek_password")" | write connection
printf 'redis://kavalek:%s@redis:6379' "$(cat "$secrets/redis_password")" | write redis
# What the server does there (docs/nodes.md), and nothing else.
user="user kavalek on >$(cat "$secrets/redis_password") resetkeys ~kavalek:p:* resetchannels &kavalek:* -@all +hello +ping +ssubscribe +sunsubscribe +spublish +set +get +del +exists"
printf 'user default off\nuser health on >health resetkeys resetchannels -@all +ping\n%s\n' "$user" | write redis_acl
# A newer server may ask for more than the one before it: its own line is brought up to date, every other one stays.
# The line holds a password, so it is on no command line; and what Redis has still to read is marked until it has.
if ! grep --quiet --line-regexp --fixed-strings --file <(printf '%s\n' "$user") "$secrets/redis_acl"; then
  { grep -v '^user kavalek ' "$secrets/redis_acl" || true; printf '%s\n' "$user"; } >"$secrets/redis_acl.new"
  chmod 444 "$secrets/redis_acl.new"
  : >"$secrets/redis_acl.changed"
  mv -f "$secrets/redis_acl.new" "$secrets/redis_acl"
  echo "brought $secrets/redis_acl up to date: Redis reads it when its container is made anew"
fi

[ "${1:-}" = --secrets-only ] && exit
command -v docker >/dev/null || { echo "This needs Docker with its compose plugin: https://docs.docker.com/engine/install/" >&2; exit 1; }
docker compose --file docker-compose-infra.yml up --detach --wait
# It keeps nothing: whoever is connected asks the database until it is back.
if [ -e "$secrets/redis_acl.changed" ]; then
  docker compose --file docker-compose-infra.yml up --detach --wait --force-recreate redis
  rm -f "$secrets/redis_acl.changed"
fi
