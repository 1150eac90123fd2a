#!/usr/bin/env bash
# Prepares a folder with Dovecot 2.4 that can be entered by chroot, beside the Dovecot 2.3 of Debian 12:
# the packages of Debian 13 with all they need, unpacked and not installed, so that nothing of this
# machine changes. Prints the folder. Some 32 MB are downloaded the first time; what is there already is
# used again.
#
# Usage: scripts/dovecot-2.4.sh    (root; network to the Debian mirror the first time)
# MAILTRAIL_DEBIAN_MIRROR names another mirror than http://deb.debian.org/debian.
set -euo pipefail
cd "$(dirname "$0")/.."

SUITE=trixie
MIRROR=${MAILTRAIL_DEBIAN_MIRROR:-http://deb.debian.org/debian}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
CACHE=$PWD/.cache
ROOT=$CACHE/dovecot-2.4
# Change it with what is unpacked below: a folder of an earlier kind is made anew.
KIND="1 $SUITE"
PACKAGES=(
  dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-submissiond
  dovecot-managesieved dovecot-sieve dovecot-auth-lua
)

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

is_ready() { [ "$(cat "$ROOT/.ready" 2>/dev/null)" = "$KIND" ]; }

# apt with a world of its own: another suite, nothing installed, its files in the folder given.
write_apt_configuration() {
  local world=$1
  mkdir -p "$world/lists/partial" "$world/archives/partial" "$world/state"
  : >"$world/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$MIRROR" "$SUITE" >"$world/sources.list"
  cat >"$world/apt.conf" <<EOF
Dir::State "$world/state";
Dir::State::status "$world/status";
Dir::State::lists "$world/lists";
Dir::Cache "$world";
Dir::Cache::archives "$world/archives";
Dir::Etc::sourcelist "$world/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "20";
APT::Update::Error-Mode "any";
EOF
}

# Quiet, unless it fails.
apt_in() {
  local world=$1 output
  shift
  output=$(APT_CONFIG=$world/apt.conf apt-get -q "$@" 2>&1) || fail "$output

Dovecot 2.4 cannot be had: apt-get $* failed on $MIRROR $SUITE (see above)."
}

# What a chroot needs that no package brings: devices, accounts, folders.
furnish() {
  local root=$1
  mkdir -p "$root/dev" "$root/tmp" "$root/etc" "$root/run" "$root/proc"
  chmod 1777 "$root/tmp"
  [ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
  [ -e "$root/dev/zero" ] || mknod -m 666 "$root/dev/zero" c 1 5
  [ -e "$root/dev/urandom" ] || mknod -m 666 "$root/dev/urandom" c 1 9
  cat >"$root/etc/passwd" <<EOF
root:x:0:0:root:/root:/bin/sh
dovecot:x:900:900:Dovecot:/usr/lib/dovecot:/usr/sbin/nologin
dovenull:x:901:901:Dovecot login:/nonexistent:/usr/sbin/nologin
EOF
  printf 'root:x:0:\nmail:x:8:\ndovecot:x:900:\ndovenull:x:901:\n' >"$root/etc/group"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
  printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
}

unpack() {
  local world=$1 root=$2 package
  mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
  # Debian 13 has these merged, by a package's script that is not run here.
  ln -s usr/bin "$root/bin"
  ln -s usr/sbin "$root/sbin"
  ln -s usr/lib "$root/lib"
  ln -s usr/lib64 "$root/lib64"
  for package in "$world"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" ||
      fail "$package cannot be unpacked"
  done
}

prepare() {
  [ "$(id -u)" = 0 ] || fail "Only root can prepare and enter the folder of Dovecot 2.4."
  [ -r "$KEYRING" ] || fail "$KEYRING is missing: apt-get install debian-archive-keyring"
  mkdir -p "$CACHE"
  local world
  world=$(mktemp -d "$CACHE/making.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$world'" EXIT
  say "setup: Dovecot 2.4 from $MIRROR $SUITE"
  write_apt_configuration "$world"
  apt_in "$world" update
  apt_in "$world" -y --download-only install "${PACKAGES[@]}"
  unpack "$world" "$world/root"
  furnish "$world/root"
  local version
  version=$(chroot "$world/root" /usr/sbin/dovecot --version) ||
    fail "Dovecot 2.4 was unpacked, but does not run by chroot in $world/root"
  printf '%s\n' "$KIND" >"$world/root/.ready"
  rm -rf "$ROOT"
  mv "$world/root" "$ROOT"
  say "setup: Dovecot $version is in $ROOT"
}

is_ready || prepare
printf '%s\n' "$ROOT"
