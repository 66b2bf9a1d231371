#!/usr/bin/env bash
# Installs PostgreSQL and Redis for the tests, where they are missing and Debian's packages can be installed. Nothing is started.
set -euo pipefail
wanted=()
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || wanted+=(postgresql)
command -v redis-server >/dev/null || wanted+=(redis-server)
if [ ${#wanted[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "Missing, and not installed by itself without apt-get and root: apt-get install ${wanted[*]}" >&2
  exit 1
fi
# The packages would start servers of their own: here each test starts what it needs.
if ! [ -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "${wanted[@]}"; }
install || { apt-get -o DPkg::Lock::Timeout=120 update && install; }
