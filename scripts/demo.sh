#!/usr/bin/env bash
# `npm run demo`: sets up what is missing, builds, and plays the story on real mail servers.
# Options: --keep, --stop, --help (see demo/main.ts).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
. scripts/setup.sh

setup_node
setup_dependencies
case " $* " in
  *" --help "* | *" -h "* | *" --stop "*) ;;
  *) setup_mail_servers ;;
esac
say "setup: build"
tsc -p tsconfig.build.json >&2 || fail "the program does not compile; see above"
tsc -p tsconfig.tools.json >&2 || fail "the demo does not compile; see above"

if [ "$(id -u)" = 0 ]; then exec node build/demo/main.js "$@"; fi
may_be_root || fail "Postfix can only be started by root: run this as root or with sudo."
exec sudo env "PATH=$PATH" "$(command -v node)" build/demo/main.js "$@"
