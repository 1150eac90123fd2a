#!/usr/bin/env bash
# Compares the compiled SQL with the reference executor over queries that no run made before.
# Usage: npm run fuzz:queries [-- MINUTES]; one disagreement ends it, with the seed of its round.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
[[ $minutes =~ ^[0-9]+$ ]] || { echo "usage: npm run fuzz:queries [-- MINUTES]" >&2; exit 2; }
export MAILTRAIL_TEST_MINUTES=$minutes
export MAILTRAIL_TEST_SEED=${MAILTRAIL_TEST_SEED:-$(($(date +%s) % 2147000000))}
exec npx vitest run --project system test/conformance/insights-reference.test.ts
