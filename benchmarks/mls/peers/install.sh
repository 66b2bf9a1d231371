#!/usr/bin/env bash
# Installs the peers, and prints the command that runs Node with them.
set -euo pipefail
cd "$(dirname "$0")"

command -v npm >/dev/null || { echo "the peers need Node 20 or newer with npm" >&2; exit 1; }
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts >&2

# OpenMLS comes compiled for glibc 2.38. Where the system's is older, that of the next Debian is unpacked beside it, for the peers alone.
have=$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)
if [ "$(printf '%s\n' 2.38 "$have" | sort -V | head -1)" = 2.38 ]; then
  echo node
  exit
fi
root=$(cd ../../.. && pwd)/artifacts/glibc
libraries=$root/usr/lib/$(uname -m)-linux-gnu
if ! ls "$libraries"/ld-linux* >/dev/null 2>&1; then
  apt=$root/apt
  mkdir -p "$apt"/{lists,archives}/partial
  site=$(apt-get indextargets --format '$(REPO_URI)' 'Component: main' 'Label: Debian' 'Created-By: Packages' | head -1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site trixie main" >"$apt/sources.list"
  options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/nonexistent -o "Dir::State::Lists=$apt/lists"
    -o "Dir::Cache=$apt" -o APT::Sandbox::User=root -o Acquire::Languages=none)
  apt-get "${options[@]}" update >&2
  (cd "$root" && apt-get "${options[@]}" download libc6 libgcc-s1 libstdc++6 >&2 && for package in *.deb; do dpkg-deb -x "$package" .; done)
  rm -rf "$apt" "$root"/*.deb
fi
echo "$(echo "$libraries"/ld-linux*) --library-path $libraries $(command -v node)"
