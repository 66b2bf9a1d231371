#!/usr/bin/env bash
# Installs NGINX for the tests of what stands in front of the server, where there is none and Debian's packages can be installed.
set -euo pipefail
if [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null; then exit 0; fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "There is no NGINX, and it is not installed by itself without apt-get and root: apt-get install nginx-light" >&2
  exit 1
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends nginx-light; }
install || { apt-get update && install; }
