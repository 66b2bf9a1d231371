#!/usr/bin/env bash
# Builds both images, takes the web app out of one of them for the release's list, and pushes them where PUSH=true.
#   VERSION=1.2.3 IMAGE=ghcr.io/OWNER/kavalek [PUSH=true] scripts/images.sh
set -euo pipefail
cd "$(dirname "$0")/.."
image="${IMAGE:-kavalek}" version="${VERSION:-local}"
command -v docker >/dev/null || { echo "This needs Docker: https://docs.docker.com/engine/install/" >&2; exit 1; }
for target in server edge; do
  docker build --target "$target" --tag "$image-$target:$version" \
    --label org.opencontainers.image.version="$version" --label org.opencontainers.image.licenses=AGPL-3.0-or-later ${REVISION:+--label org.opencontainers.image.revision="$REVISION"} .
done
# The very bytes that people are served.
container=$(docker create "$image-edge:$version")
trap 'docker rm "$container" >/dev/null' EXIT
rm -rf artifacts/web
mkdir -p artifacts
docker cp "$container:/usr/share/kavalek/web" artifacts/web
if [ "${PUSH:-}" = true ]; then
  for target in server edge; do docker push "$image-$target:$version"; done
fi
