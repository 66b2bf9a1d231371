#!/usr/bin/env bash
# Installs Chromium for the tests that drive a browser, where there is none (KAVALEK_CHROMIUM names another program) and Debian's packages can be installed.
set -euo pipefail
if [ -n "${KAVALEK_CHROMIUM:-}" ] || command -v chromium >/dev/null; then exit 0; fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "There is no Chromium, and it is not installed by itself without apt-get and root: apt-get install chromium" >&2
  exit 1
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium; }
install || { apt-get update && install; }
