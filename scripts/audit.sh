#!/usr/bin/env bash
# Asks the registries about known flaws of every package that is locked, indirect ones included. Needs the network.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet restore Kavalek.slnx --verbosity quiet --nologo
found=$(dotnet list Kavalek.slnx package --vulnerable --include-transitive)
if grep -E '^ +> ' <<<"$found"; then
  echo "NuGet knows flaws of the packages above." >&2
  exit 1
fi
for folder in . tests/interop-ts-mls; do
  npm --prefix "$folder" audit --omit=dev --audit-level=low
  npm --prefix "$folder" audit --audit-level=high
done
