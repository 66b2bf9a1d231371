#!/usr/bin/env bash
# Starts the images under the shipped compose file, in a project of its own, and looks at what runs: who it is, what it may write, what it answers.
set -euo pipefail
cd "$(dirname "$0")/.."
export KAVALEK_HOST="${KAVALEK_HOST:-localhost}"
compose=(docker compose --project-name kavalek-check --file docker-compose.yml)
trap '"${compose[@]}" down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1' EXIT
fail() { echo "FAILED: $*" >&2; "${compose[@]}" logs --tail 20 >&2 || true; exit 1; }
quiet() { "$@" >/dev/null 2>&1; }

start=$SECONDS
"${compose[@]}" up --detach --no-build --wait kavalek nginx || fail "it does not become healthy"
echo "healthy after $((SECONDS - start)) s"
for service in kavalek nginx; do
  id=$("${compose[@]}" ps --quiet "$service")
  [ "$(docker exec "$id" id -u)" != 0 ] || fail "$service runs as root"
  [ "$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Privileged}}' "$id")" = "true [ALL] false" ] || fail "$service is not closed"
  docker exec "$id" cat /proc/1/status | grep -Eq '^NoNewPrivs:\s+1$' || fail "$service may gain privileges"
  docker exec "$id" cat /proc/1/status | grep -Eq '^CapEff:\s+0+$' || fail "$service has capabilities"
  if quiet docker exec "$id" sh -c ': > /etc/x' || quiet docker exec "$id" sh -c ': > /app/x' || quiet docker exec "$id" sh -c ': > /usr/share/x'; then fail "$service can change itself"; fi
done
[ "$(curl --fail --silent --show-error http://127.0.0.1:8080/ | grep -c '<div id="root">')" = 1 ] || fail "the page is not served"
ask() { curl --insecure --silent --resolve "$KAVALEK_HOST:443:127.0.0.1" "$@"; }
[ "$(ask --output /dev/null --write-out '%{http_code} %{http_version}' "https://$KAVALEK_HOST/")" = "200 2" ] || fail "NGINX does not serve the page"
[ "$(ask --output /dev/null --write-out '%{http_code}' "https://$KAVALEK_HOST/auth/v1/instance")" = 200 ] || fail "NGINX does not reach the server"
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' --header 'Host: evil.example' http://127.0.0.1/)" = 308 ] || fail "port 80 does more than redirect"
if ask --output /dev/null --tls-max 1.2 "https://$KAVALEK_HOST/"; then fail "TLS 1.2 is spoken"; fi
"${compose[@]}" logs kavalek | grep -q '#setup=' || fail "there is no set-up link"
# A backup of the running instance, put back beside it.
"${compose[@]}" exec -T kavalek sh -c 'head -c 32 /dev/urandom > /tmp/key && kavalek-admin backup --to /backups --keep 2 --key-file /tmp/key && kavalek-admin restore --data /tmp/again --from /backups/*.backup --key-file /tmp/key' \
  || fail "a backup does not come back"
docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' 2>/dev/null | grep kavalek-check || true
echo "ok"
