#!/usr/bin/env bash
# Stops everything. With --delete-data it also deletes databases, keys, certificates and backups on this machine, after it was told the instance's name.
set -euo pipefail
cd "$(dirname "$0")/.."
delete=false
case "${1:-}" in
  "") ;;
  --delete-data) delete=true ;;
  *) echo "usage: scripts/teardown.sh [--delete-data]" >&2; exit 2 ;;
esac
command -v docker >/dev/null || { echo "This needs Docker with its compose plugin." >&2; exit 1; }
export KAVALEK_HOST="${KAVALEK_HOST:-localhost}" KAVALEK_SECRETS="${KAVALEK_SECRETS:-$PWD/infrastructure/secrets}"

more=()
if $delete; then
  echo "This deletes every account, message, key, certificate and backup that this machine has of the instance. Nothing brings them back."
  printf 'Type "delete %s" to go on: ' "$KAVALEK_HOST"
  read -r answer || true
  [ "${answer:-}" = "delete $KAVALEK_HOST" ] || { echo "Nothing was deleted, nothing was stopped." >&2; exit 1; }
  more=(--volumes)
fi
for file in app/docker-compose-app.yml docker-compose.yml docker-compose-single.yml infrastructure/docker-compose-infra.yml; do
  [ ! -e "$file" ] || docker compose --file "$file" down --remove-orphans "${more[@]}"
done
if $delete; then
  echo "The secrets in $KAVALEK_SECRETS are still there; backups made with them need them. Delete them yourself."
else
  echo "Stopped; all data is still there."
fi
