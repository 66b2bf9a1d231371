#!/usr/bin/env bash
# Builds what is missing and starts the server: SQLite in ./data, http://localhost:8080. Arguments go to the server.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dotnet >/dev/null || { echo "Kavalek needs the .NET SDK 10: https://dotnet.microsoft.com/download" >&2; exit 1; }

dotnet build backend/host --configuration Release --verbosity quiet --nologo
dotnet build cli --configuration Release --verbosity quiet --nologo
scripts/build-web.sh
exec backend/host/bin/Release/net10.0/Kavalek.Host --data data --web frontend-mobile/dist --urls http://localhost:8080 "$@"
