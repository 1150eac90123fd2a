#!/usr/bin/env bash
# `npm test`: sets up what is missing, then everything: types, lint, format, build, unit tests, and the
# system tests on real mail servers. What cannot be run is a failure, never a skip.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
. scripts/setup.sh
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

setup_node
setup_dependencies
need_test_clients
setup_mail_servers
static_steps
step unit vitest run --project unit || true
if step build tsc -p tsconfig.build.json; then
  step system as_root "$(command -v node)" node_modules/vitest/vitest.mjs run --project system || true
else
  missed system "there is no build to test"
fi
summary
