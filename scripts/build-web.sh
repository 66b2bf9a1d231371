#!/usr/bin/env bash
# Builds what is missing or older than its sources of the web app: the client as WebAssembly, the page, and both compressed, in frontend-mobile/dist.
set -euo pipefail
cd "$(dirname "$0")/.."
app=frontend-mobile

if ! command -v npm >/dev/null; then
  echo "The web app is not built: that needs Node 20 or newer (npm). The server and the terminal client work without it." >&2
  exit 0
fi

# newer MARK PATH...: whether a source under PATH is newer than the file MARK, or that is missing.
newer() {
  local mark="$1"
  shift
  [ ! -e "$mark" ] || [ -n "$(find "$@" \( -name obj -o -name bin -o -name node_modules -o -name dist -o -path "$app/public/dotnet" \) -prune -o -type f -newer "$mark" -print -quit)" ]
}

mkdir -p artifacts
exec 9>artifacts/build-web.lock
flock 9

boot=$app/public/dotnet/dotnet.boot.json
if newer "$boot" client mls protocol build Directory.Build.props Directory.Packages.props global.json; then
  dotnet publish client/browser --configuration Release --verbosity quiet --nologo 9>&-
  node build/bundle.mjs "$app/public/dotnet"
  touch "$boot"
fi
if newer "$app/node_modules/.package-lock.json" "$app/package-lock.json"; then
  npm --prefix "$app" ci --ignore-scripts --no-fund --no-audit --loglevel error 9>&-
  touch "$app/node_modules/.package-lock.json"
fi
[ -e "$app/index.html" ] || exit 0
if newer "$app/dist/index.html" "$app" build || [ "$boot" -nt "$app/dist/index.html" ]; then
  npm --prefix "$app" run --silent build -- --logLevel warn 9>&-
  node build/compress.mjs "$app/dist" artifacts/brotli
  touch "$app/dist/index.html"
fi
