#!/usr/bin/env bash
# Restores and builds the solution in Release; the packages come from the registry once and from the local cache afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dotnet >/dev/null || { echo "Kavalek needs the .NET SDK 10: https://dotnet.microsoft.com/download" >&2; exit 1; }

dotnet build Kavalek.slnx --configuration Release --verbosity quiet --nologo "$@"
