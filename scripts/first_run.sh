#!/usr/bin/env bash
# From nothing to two people who talk in two browsers, on the single container as it is shipped; prints the time and the memory, and takes everything down again. The image is there already
# (make images, or KAVALEK_IMAGE and KAVALEK_VERSION), KAVALEK_HOST leads to this machine, and its ports 80 and 443 are free. KAVALEK_MORE names one more compose file.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${KAVALEK_HOST:?is a name that leads to this machine}"
export KAVALEK_HOST
command -v docker >/dev/null || { echo "This needs Docker with its compose plugin: https://docs.docker.com/engine/install/" >&2; exit 1; }
compose=(docker compose --project-name kavalek-first-run --file docker-compose-single.yml ${KAVALEK_MORE:+--file "$KAVALEK_MORE"})
trap '"${compose[@]}" down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1' EXIT
start=$SECONDS
since() { echo "$((SECONDS - start)) s: $*"; }

"${compose[@]}" up --detach --no-build --wait
since "healthy"
for ((i = 0; ; i++)); do
  if curl --fail --silent --output /dev/null --max-time 5 "https://$KAVALEK_HOST/auth/v1/instance"; then break; fi
  [ "$i" -lt 120 ] || { "${compose[@]}" logs --tail 20 >&2; echo "There is no certificate after two minutes: does port 80 of $KAVALEK_HOST lead here?" >&2; exit 1; }
  sleep 1
done
since "a certificate that is trusted"
link=$("${compose[@]}" logs kavalek | grep -o "https://$KAVALEK_HOST/#setup=[A-Za-z0-9_-]*" | tail -1)
KAVALEK_FIRST_RUN="$link" npm --prefix frontend-mobile run --silent figures -- first-run
since "two people talk"
# Resident memory of the server's process, in which its limit is kept as well.
"${compose[@]}" exec -T kavalek sh -c 'for p in /proc/[0-9]*; do if grep -q Kavalek.Host "$p/cmdline" && ! grep -q init "$p/comm"; then sed -nE "s/^VmHWM:\s+([0-9]+) kB/\1/p" "$p/status"; fi; done' 2>/dev/null |
  sort -n | tail -1 | awk '{ printf "%d MB of memory at the most\n", $1 / 1024 }'
