#!/usr/bin/env bash
# Installs what the tests of the server's edge need, where it is missing and Debian's packages can be installed: NGINX, and Pebble, an authority for tests of certificates.
set -euo pipefail
wanted=()
if ! [ -x /usr/sbin/nginx ] && ! command -v nginx >/dev/null; then wanted+=(nginx-light); fi
command -v pebble >/dev/null || wanted+=(pebble)
if [ ${#wanted[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "Missing, and not installed by itself without apt-get and root: apt-get install ${wanted[*]}" >&2
  exit 1
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "${wanted[@]}"; }
install || { apt-get -o DPkg::Lock::Timeout=120 update && install; }
