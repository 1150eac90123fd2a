# Sets up a bare Debian 12 with Node 20 for the demo and the tests. Sourced by demo.sh, test.sh and
# check.sh, which run in the project's folder with `set -euo pipefail`. Everything it says goes to
# standard error; whatever is there already is left as it is.

NODE_VERSION_MIN=20.19.0

# The mail servers, what starts them, and the clients of the story.
DEBIAN_PACKAGES=(
  dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-submissiond
  dovecot-managesieved dovecot-sieve dovecot-auth-lua postfix openssl util-linux mpop sieve-connect
)
# Where each package shows that it is there; a machine without dpkg may have them otherwise.
NEEDED_PROGRAMS=(dovecot doveadm postfix smtp-sink openssl setpriv mpop sieve-connect)

# What only the tests need: AWS's own command line, and a server that speaks S3.
need_test_clients() {
  DEBIAN_PACKAGES+=(awscli ceph-mon ceph-osd radosgw ceph-common)
  NEEDED_PROGRAMS+=(aws ceph-mon ceph-osd radosgw radosgw-admin ceph-authtool)
}

# Where Debian keeps what only root runs; it is not in everybody's PATH.
export PATH="$PWD/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin"
# npm's notices are about npm, not about us.
export NPM_CONFIG_UPDATE_NOTIFIER=false

say() { printf '%s\n' "$*" >&2; }

fail() {
  say ""
  say "$*"
  exit 1
}

# Runs a command as root: directly, or by sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo env "PATH=$PATH" "$@"
  fi
}

may_be_root() {
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo >/dev/null || return 1
  # Without a terminal nobody can type a password.
  if [ -t 0 ] && [ -t 2 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

setup_node() {
  command -v node >/dev/null || fail "Node.js is missing: install version $NODE_VERSION_MIN or later (https://nodejs.org/)"
  command -v npm >/dev/null || fail "npm is missing: it comes with Node.js (https://nodejs.org/)"
  local version
  version=$(node --version)
  if [ "$(printf '%s\n' "$NODE_VERSION_MIN" "${version#v}" | sort -V | head -n 1)" != "$NODE_VERSION_MIN" ]; then
    fail "Node.js is $version, but Mailtrail needs $NODE_VERSION_MIN or later (https://nodejs.org/)"
  fi
}

# npm ci, only when what is installed is not what the lockfile says.
setup_dependencies() {
  if node scripts/dependencies-installed.mjs; then return 0; fi
  say "setup: npm ci"
  npm ci --no-fund --no-audit --loglevel=error >&2 ||
    fail "npm ci failed; it needs the npm registry (or your mirror of it) to be reachable"
}

missing_packages() {
  local package
  for package in "${DEBIAN_PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

missing_programs() {
  local program
  for program in "${NEEDED_PROGRAMS[@]}"; do
    command -v "$program" >/dev/null || printf '%s\n' "$program"
  done
}

# Debian starts the daemons that it installs. Ours are private ones: a script that says no stands in
# the way while packages are installed, and what was there before comes back in any case.
POLICY=/usr/sbin/policy-rc.d
POLICY_SAVED=$POLICY.before-mailtrail

forbid_daemons() {
  if [ -e $POLICY ] && [ ! -e $POLICY_SAVED ]; then as_root mv $POLICY $POLICY_SAVED; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
  as_root chmod 755 $POLICY
}

allow_daemons() {
  as_root rm -f $POLICY
  if [ -e $POLICY_SAVED ]; then as_root mv $POLICY_SAVED $POLICY; fi
}

# Runs a command quietly; what it said is shown only when it fails.
quietly() {
  local output
  if output=$("$@" 2>&1); then return 0; fi
  say "$output"
  return 1
}

install_packages() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  say "setup: apt-get update"
  quietly as_root "${apt[@]}" update || fail "apt-get update failed; these packages cannot be installed: $*"
  local plan
  plan=$("${apt[@]}" install -s --no-install-recommends "$@") ||
    fail "apt-get cannot install: $*; see its message above"
  # Postfix would take the place of another mail server.
  if printf '%s\n' "$plan" | grep -q '^Remv '; then
    fail "Installing $* would remove these packages, so nothing was installed:
$(printf '%s\n' "$plan" | sed -n 's/^Remv /  /p')
Use another machine or a container."
  fi
  say "setup: apt-get install $*"
  trap allow_daemons EXIT
  forbid_daemons
  # No configuration of Debian's: this Postfix is only run with our own.
  echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
  quietly as_root "${apt[@]}" install -y --no-install-recommends "$@" || fail "apt-get install failed; see its message above"
  allow_daemons
  trap - EXIT
  if [ -d /run/systemd/system ]; then
    say "setup: Debian's own Dovecot was not started, but will be at the next boot; to prevent that: systemctl disable dovecot"
  fi
}

# The mail servers and clients; a clear message when they cannot be installed.
setup_mail_servers() {
  local packages programs
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    mapfile -t packages < <(missing_packages)
    if [ ${#packages[@]} -gt 0 ]; then
      may_be_root || fail "These Debian packages are missing and only root may install them: ${packages[*]}
Run this as root or with sudo, or install them yourself:
  apt-get update && apt-get install --no-install-recommends ${packages[*]}"
      install_packages "${packages[@]}"
    fi
  fi
  mapfile -t programs < <(missing_programs)
  [ ${#programs[@]} -eq 0 ] || fail "These programs are missing: ${programs[*]}
They come with the packages of Debian 12: ${DEBIAN_PACKAGES[*]}"
  may_be_root || fail "Postfix can only be started by root: run this as root or with sudo."
}
