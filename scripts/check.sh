#!/usr/bin/env bash
# `npm run check`: types, lint, format and the unit tests; no daemons, no root.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
. scripts/setup.sh
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

setup_node
setup_dependencies
static_steps
step unit vitest run --project unit || true
summary
