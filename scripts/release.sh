#!/usr/bin/env bash
# What a release consists of beside its images, in artifacts/release: the bill of materials, the list of the web app's files, and that list's signature.
#   VERSION=1.2.3 RELEASE_KEY=FILE scripts/release.sh      RELEASE_KEY holds the P-256 private key in PEM; without it nothing is signed
set -euo pipefail
cd "$(dirname "$0")/.."
version="${VERSION:?is the version of the release, for example 1.2.3}"
out=artifacts/release
web="${WEB:-frontend-mobile/dist}"
[ -e "$web/index.html" ] || { echo "There is no web app in $web: scripts/build-web.sh builds it, scripts/images.sh takes it out of the image (WEB=artifacts/web)" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"
node build/sbom.mjs "$version" >"$out/sbom.cdx.json"
node build/web-manifest.mjs "$web" "$version" >"$out/web-manifest.json"
if [ -n "${RELEASE_KEY:-}" ]; then
  openssl dgst -sha256 -sign "$RELEASE_KEY" -out "$out/web-manifest.json.sig" "$out/web-manifest.json"
  openssl pkey -in "$RELEASE_KEY" -pubout -out "$out/release.pub"
  openssl dgst -sha256 -verify "$out/release.pub" -signature "$out/web-manifest.json.sig" "$out/web-manifest.json"
fi
(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
