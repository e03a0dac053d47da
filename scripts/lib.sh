# Shared by the need-* scripts: what a machine lacks comes from apt, as root, or from PyPI into target/tools.
# Sourced, never run. Standard output belongs to the callers' answers, so everything here speaks on standard error.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # read by the scripts that source this file
tools=$root/target/tools

say() { echo "$*" >&2; }

fail() {
  say "${0##*/}: $*"
  exit 1
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_update() {
  # One dead third-party source fails the whole update, while the lists we need did arrive.
  apt-get update -qq >&2 || say "apt-get update failed, going on with the package lists at hand"
}

apt_install() {
  say "Installing $* with apt"
  # Ubuntu upgrades itself right after the first boot and holds this lock for a minute or two.
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install -y -qq --no-install-recommends "$@" >&2
}

# Debian starts what it installs, and a Redis on port 6379 or a web server on port 80 is not what anybody asked for.
# A machine that has a policy of its own, as containers do, keeps it.
apt_install_stopped() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    # shellcheck disable=SC2064  # the path, not the local variable, has to outlive this function
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt_install "$@"
}

# As root, a missing pip is installed first.
pip() {
  if ! python3 -m pip --version >/dev/null 2>&1; then
    can_apt || return 1
    apt_update
    apt_install python3-pip
  fi
  PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip --quiet "$@" >&2
}

# Makes a fresh Python environment in a folder. As root, a missing venv is installed first.
python_folder() {
  rm -rf "${1:?}"
  python3 -m venv "$1" >/dev/null 2>&1 && return
  can_apt || fail "python3 with venv is needed: install the package python3-venv"
  apt_update
  apt_install python3-venv
  rm -rf "${1:?}"
  python3 -m venv "$1" >&2
}
