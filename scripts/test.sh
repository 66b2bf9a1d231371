#!/usr/bin/env bash
# Builds, checks the format and runs every test suite, or the one named. The last line is 'N passed, N failed'.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
only="${1:-}"
# Most of what runs here is too short-lived to be worth profiling.
export DOTNET_TieredPGO=0

passed=0 failed=0
results=$(mktemp -d)
stop() {
  local job
  for job in $(jobs -p); do kill -- "-$job" 2>/dev/null; done
  rm -rf "$results"
}
trap stop EXIT

finish() {
  local count good bad
  wait
  for count in "$results"/*.count; do
    [ -e "$count" ] || continue
    read -r good bad <"$count"
    passed=$((passed + good)) failed=$((failed + bad))
  done
  echo
  cat "$results"/*.brief 2>/dev/null
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# brief NAME LOG: keeps what failed in a few lines, which are said again at the end: often nothing but the end is looked at.
brief() {
  local found
  found=$(sed -E 's/\x1b\[[0-9;]*m//g' "$2" | grep -E -A 2 '^ *FAIL |\[FAIL\]|: error |^ERROR: |❯ .*\.story\.ts:' | grep -v '^--$\|^ *$' | head -12)
  printf '%s\n' "${found:-$(tail -3 "$2")}" | sed -E 's/^ +//' | cut -c 1-220 | sed "s|^|$1: |" >"$results/${1//[ \/]/-}.brief"
}

# step NAME COMMAND...: a check that passes or fails as a whole.
step() {
  local name="$1" start=$SECONDS
  shift
  if "$@" >"$results/${name//[ \/]/-}.step" 2>&1; then
    passed=$((passed + 1))
    echo "$name: ok, $((SECONDS - start)) s"
  else
    failed=$((failed + 1))
    cat "$results/${name//[ \/]/-}.step"
    brief "$name" "$results/${name//[ \/]/-}.step"
    echo "$name: FAILED"
    return 1
  fi
}

# beside NAME COMMAND...: runs it beside what else runs. Two at a time, since most wait for processes, sockets and bcrypt half of theirs;
# each is printed whole when it ends.
beside() {
  local name="$1"
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  # What ends without a word has failed. Each is a job of its own: what runs behind a script otherwise ignores an interrupt, and a test sends one.
  echo "0 1" >"$results/${name//[ \/]/-}.count"
  set -m
  {
    "${@:2}" >"$results/${name//[ \/]/-}.report" 2>&1 </dev/null
    flock "$results" cat "$results/${name//[ \/]/-}.report"
  } &
  set +m
}

# check NAME COMMAND...: a step that nothing else needs.
check() {
  beside "$1" checked "$@"
}

checked() {
  local passed=0 failed=0 name="$1" log="$results/${1//[ \/]/-}.log"
  step "$@"
  echo "$passed $failed" >"${log%.log}.count"
}

# suite FOLDER [NAME OPTION...]: a test project, which is an executable that prints its own summary; under another name with options of its own.
suite() {
  local name="${2:-$(basename "$1")}"
  beside "$name" report "$1" "$name" "${@:3}"
}

report() {
  local name="$2" start=$SECONDS log="$results/${2//[ \/]/-}.log" total errors bad skipped idle
  # A suite that hangs is a failure with a name, and leaves the others some time.
  timeout -k 10 1800 "$(find "$1/bin/Release/net10.0" -maxdepth 1 -name 'Kavalek.*.Tests' -type f)" -noColor "${@:3}" >"$log" 2>&1 </dev/null
  local code=$?
  read -r total errors bad skipped idle < <(
    sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/p' "$log" | tail -1)
  if [ -z "${total:-}" ]; then
    tail -50 "$log"
    brief "$name" "$log"
    echo "$name: FAILED, ended with $code and without a summary"
    return
  fi
  grep -E '\[SKIP\]' -A 2 "$log"
  local good=$((total - bad - skipped - idle))
  bad=$((bad + errors))
  # A skip is for a machine that lacks something; continuous integration lacks nothing.
  [ "${CI:-}" = true ] && bad=$((bad + skipped))
  [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  [ "$bad" -ne 0 ] && cat "$log" && brief "$name" "$log"
  echo "$good $bad" >"${log%.log}.count"
  echo "$name: $good passed, $bad failed, $skipped skipped, $((SECONDS - start)) s"
}

command -v dotnet >/dev/null || { echo "Kavalek needs the .NET SDK 10: https://dotnet.microsoft.com/download" >&2; exit 1; }

step "build" dotnet build Kavalek.slnx --configuration Release --verbosity quiet --nologo || finish
# What needs neither pages nor browsers begins while those are built.
early="simulation auth"
if [ -z "$only" ]; then
  for name in $early; do suite "tests/$name"; done
fi
peer=tests/interop-ts-mls
# Without npm its tests say so themselves.
if [ -z "$only" ] || [ "$only" = "$(basename "$peer")" ]; then
  if command -v npm >/dev/null && ! [ "$peer/node_modules/.package-lock.json" -nt "$peer/package-lock.json" ]; then
    step "packages of $peer" npm --prefix "$peer" ci --ignore-scripts
  fi
fi
# The web app: its own checks, two people in real browsers against the server that was just built, and the client inside a browser.
# Where something is missing it is not tried, and says so; continuous integration lacks nothing.
app=frontend-mobile
dashboard=frontend-admin
lacking() {
  echo "$1: not tried, which needs $2"
  [ "${CI:-}" = true ] && failed=$((failed + 1))
}
if [ -z "$only" ] || [ "$only" = "$app" ] || [ "$only" = "$dashboard" ] || [ "$only" = browser ]; then
  if ! command -v npm >/dev/null; then
    lacking "$app" "Node 20 or newer (npm)"
  elif step "web app" scripts/build-web.sh; then
    step "chromium" scripts/install-chromium.sh || lacking "stories of $app" "Chromium"
    if [ "$only" != browser ]; then
      checks=1
    fi
    if [ "$only" != "$app" ] && [ "$only" != "$dashboard" ]; then step "page and WebAssembly of tests/browser" scripts/build-browser-tests.sh; fi
  fi
fi
if [ -z "$only" ] || [ "$only" = deployment ]; then
  step "nginx" scripts/install-nginx.sh || lacking "what stands in front of the server" "NGINX"
fi

# Everything is built; from here on it runs side by side, the longest first.
if [ "${checks:-}" ]; then
  if scripts/install-chromium.sh 2>/dev/null; then check "stories of $app" npm --prefix "$app" run --silent story; fi
  check "$app" npm --prefix "$app" run --silent check
  check "$dashboard" npm --prefix "$dashboard" run --silent check
fi
if [ -z "$only" ]; then
  # The build holds style and analyzers; here it is white space, which can be seen without the projects.
  check "format" dotnet format whitespace . --folder --verify-no-changes --exclude node_modules "$app" "$dashboard"
fi
for project in tests/*/*.Tests.csproj; do
  folder=$(dirname "$project")
  [ -n "$only" ] && [ "$only" != "$(basename "$folder")" ] && continue
  if [ -z "$only" ] && [[ " $early " == *" $(basename "$folder") "* ]]; then continue; fi
  suite "$folder"
done

# What touches the database once more on PostgreSQL: one server for both suites, a database a test. It need not survive a crash, so it does not sync.
on_postgres() {
  local folder
  scripts/install-services.sh || { lacking "auth and messaging on PostgreSQL" "PostgreSQL"; return; }
  folder=$(mktemp -d)
  KAVALEK_POSTGRES=$(scripts/postgres.sh start "$folder" fsync=off full_page_writes=off) || { failed=$((failed + 1)); echo "PostgreSQL did not start"; return; }
  trap 'scripts/postgres.sh stop "'"$folder"'" immediate; stop; rm -rf "'"$folder"'"' EXIT
  export KAVALEK_POSTGRES KAVALEK_TEST_DATABASE=postgres
  if [ -z "$only" ] || [ "$only" = auth ]; then
    suite tests/auth "auth on PostgreSQL" -trait- Store=sqlite \
      -class- '*.BcryptTests' -class- '*.BodyFuzzTests' -class- '*.ForgedTokenTests' -class- '*.RateLimiterTests' -class- '*.TokenTests' -class- '*.WebAppTests' \
      -class- '*FlawTests' -class- '*.IdentityTests' -class- '*.RouteTests' -class- '*.HostTests'
  fi
  if [ -z "$only" ] || [ "$only" = messaging ]; then
    suite tests/messaging "messaging on PostgreSQL" -trait- Store=sqlite -class- '*.WireFuzzTests' -class- '*.SocketAccessTests' -class- '*.HoardingTests' -class- '*.ClusterTests' -class- '*.RedisTests'
  fi
}
if [ -z "$only" ] || [ "$only" = auth ] || [ "$only" = messaging ]; then on_postgres; fi
finish
