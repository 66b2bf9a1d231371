#!/usr/bin/env bash
# What is too long for every test run: each line below is a suite under settings that make it thorough. Reports go to artifacts/nightly.
# The last line is 'N passed, N failed'.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
mkdir -p artifacts/nightly
passed=0 failed=0

# night NAME MINUTES GIBIBYTES FOLDER FILTER SETTING=VALUE...: the tests of a project that match FILTER ('*' for all), within bounds of time and memory.
night() {
  local name="$1" minutes="$2" memory="$3" folder="$4" filter="$5" start=$SECONDS log="artifacts/nightly/$1.txt" total errors bad
  shift 5
  env "$@" DOTNET_GCHeapHardLimit="$(printf '0x%x' $((memory * 1024 * 1024 * 1024)))" timeout $((minutes * 60)) \
    "$(find "$folder/bin/Release/net10.0" -maxdepth 1 -name 'Kavalek.*.Tests' -type f)" -noColor -method "$filter" >"$log" 2>&1 </dev/null
  local code=$?
  read -r total errors bad < <(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+),.*/\1 \2 \3/p' "$log" | tail -1)
  if [ -z "${total:-}" ] || [ "$total" -eq 0 ]; then
    failed=$((failed + 1))
    tail -50 "$log"
    echo "$name: FAILED, ended with $code without a result ($minutes minutes, $memory GiB were allowed)"
    return
  fi
  passed=$((passed + total - bad))
  failed=$((failed + bad + errors))
  [ $((bad + errors)) -ne 0 ] && cat "$log"
  echo "$name: $((total - bad)) passed, $((bad + errors)) failed, $((SECONDS - start)) s ($*)"
}

dotnet build Kavalek.slnx --configuration Release --verbosity quiet --nologo || exit

# K-49, K-50: more than a million mutated inputs into the decoders of mls, a tenth as many into a group and a joiner.
night mls-decoders 60 2 tests/mls '*DecodingTests*' KAVALEK_FUZZ=100000
# Lives of groups of up to 60 under random operations, losses and restarts. KAVALEK_SEED=N runs one of them again.
night mls-lives 90 4 tests/mls '*RandomLifeTests*' KAVALEK_LIVES=200
# K-18, K-50: everything else that reads what somebody else wrote: frames, bodies, paths and tokens; records; the client's disk; links.
night wire 60 2 tests/messaging '*WireFuzzTests*' KAVALEK_FUZZ=1000000
night bodies 30 2 tests/auth '*BodyFuzzTests*' KAVALEK_FUZZ=100000
night client-decoders 30 2 tests/client '*DecoderFuzzTests*' KAVALEK_FUZZ=1000000
night links 10 1 tests/cli '*LinkFuzzTests*' KAVALEK_FUZZ=1000000
# The server killed or stopped under load a hundred times.
night server-kills 60 4 tests/messaging '*KillTests*' KAVALEK_KILLS=100
night server-kills-postgres 60 4 tests/messaging '*KillTests*' KAVALEK_KILLS=100 KAVALEK_TEST_DATABASE=postgres
# K-38, K-39: many clients and a server through everything that goes wrong, 200 seeds of 20,000 steps; a seed that fails prints itself, and
# KAVALEK_SIMULATION_SEED=N with KAVALEK_SIMULATION_RUNS=1 repeats it exactly. Then every instant of everything a client does, and a thousand kills.
night simulation 300 4 tests/simulation '*SimulationTests*' KAVALEK_SIMULATION_STEPS=20000 KAVALEK_SIMULATION_RUNS=200 KAVALEK_SIMULATION_SEED=1000
night crashes 180 4 tests/simulation '*CrashTests*' KAVALEK_SIMULATION_STRIDE=1 KAVALEK_SIMULATION_KILLS=1000
night clones 30 4 tests/simulation '*CloneTests*' KAVALEK_SIMULATION_STRIDE=1

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
