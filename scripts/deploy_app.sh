#!/usr/bin/env bash
# Starts or updates the app's containers and waits until they are healthy; the infrastructure runs already. Nobody's messages are lost meanwhile.
#   KAVALEK_HOST=chat.kavalek.fr [KAVALEK_IMAGE=ghcr.io/OWNER/kavalek KAVALEK_VERSION=1.2.3] scripts/deploy_app.sh
set -euo pipefail
cd "$(dirname "$0")/../app"
: "${KAVALEK_HOST:?is the name of the instance, for example chat.kavalek.fr}"
export KAVALEK_HOST KAVALEK_SECRETS="${KAVALEK_SECRETS:-$PWD/../infrastructure/secrets}"
command -v docker >/dev/null || { echo "This needs Docker with its compose plugin: https://docs.docker.com/engine/install/" >&2; exit 1; }
[ -s "$KAVALEK_SECRETS/connection" ] || { echo "There are no secrets in $KAVALEK_SECRETS yet: run scripts/deploy_infra.sh first." >&2; exit 1; }
compose=(docker compose --file docker-compose-app.yml)
if [ -n "${KAVALEK_IMAGE:-}" ]; then "${compose[@]}" pull; else "${compose[@]}" build; fi
# One after the other, and what is in front of them last: all at once, NGINX would be stopped first and come back last.
for part in auth messaging; do "${compose[@]}" up --detach --wait "$part"; done
"${compose[@]}" up --detach --wait --remove-orphans
"${compose[@]}" logs auth 2>/dev/null | grep -o 'https\?://[^ ]*#setup=[A-Za-z0-9_-]*' | tail -1 | sed 's/^/Whoever opens this link first owns the instance: /' || true
