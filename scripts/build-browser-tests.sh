#!/usr/bin/env bash
# Builds what the browser tests need beside the solution: the client as WebAssembly, the tests that run inside, their page.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build-web.sh
command -v npm >/dev/null || exit 0

inside=tests/browser/inside/bin/browser
web=tests/browser/obj/web
stale() { [ ! -e "$1" ] || [ -n "$(find "${@:2}" \( -name obj -o -name bin -o -name node_modules -o -name dist -o -name dotnet \) -prune -o -type f -newer "$1" -print -quit)" ]; }

if stale "$inside/dotnet.boot.json" tests/browser/inside tests/mls tests/client/StoreContract.cs client mls protocol build Directory.Build.props Directory.Packages.props; then
  dotnet publish tests/browser/inside --configuration Release --verbosity quiet --nologo
  touch "$inside/dotnet.boot.json"
fi
if stale "$web/index.html" tests/browser/page frontend-mobile/src/client || [ "$inside/dotnet.boot.json" -nt "$web/index.html" ] || [ frontend-mobile/public/dotnet/dotnet.boot.json -nt "$web/index.html" ]; then
  (cd frontend-mobile && ../node_modules/.bin/vite build --config ../tests/browser/page/vite.config.mjs --logLevel warn)
  cp -r frontend-mobile/public/dotnet "$web/dotnet"
  cp -r "$inside" "$web/dotnet-tests"
  node build/compress.mjs "$web/dotnet" artifacts/brotli
  vectors="${KAVALEK_VECTORS:-}"
  for above in .. ../.. ../../..; do [ -n "$vectors" ] || ! [ -d "$above/shared/vectors" ] || vectors="$above/shared/vectors"; done
  if [ -n "$vectors" ]; then cp -rL "$vectors" "$web/vectors" && chmod -R u+w "$web/vectors"; fi
  touch "$web/index.html"
fi
