#!/usr/bin/env bash
# Builds what is missing or older than its sources of the web app: the client as WebAssembly, the page, the dashboard, and all of it compressed,
# in frontend-mobile/dist.
set -euo pipefail
cd "$(dirname "$0")/.."
app=frontend-mobile
dashboard=frontend-admin

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
  node build/bundle.mjs "$app/public/dotnet" client/browser/obj/runtime-pack.txt
  touch "$boot"
fi
if newer node_modules/.package-lock.json package-lock.json; then
  npm ci --ignore-scripts --no-fund --no-audit --loglevel error 9>&-
  touch node_modules/.package-lock.json
fi
[ -e "$app/index.html" ] || exit 0
if newer "$app/dist/index.html" "$app" build || [ "$boot" -nt "$app/dist/index.html" ]; then
  npm --prefix "$app" run --silent build -- --logLevel warn 9>&-
  touch "$app/dist/index.html"
fi
# The dashboard starts the app's worker, and so follows every build of the app.
if newer "$app/dist/admin/index.html" "$dashboard" "$app/src" || [ "$app/dist/index.html" -nt "$app/dist/admin/index.html" ]; then
  npm --prefix "$dashboard" run --silent build -- --logLevel warn 9>&-
  node build/compress.mjs "$app/dist" artifacts/brotli
  touch "$app/dist/admin/index.html"
fi
