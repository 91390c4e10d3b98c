#!/usr/bin/env bash
# The driver that dlsetup installed here, and all that came with it, taken back.
#
# Made by dlsetup for this machine:
#   ubuntu-24.04, x86_64
# What it changes, in this order:
#   1. Remove 2 packages that came with it
#   2. Install again 1 package that went for it
#   3. Mark 2 packages as installed for others, as before
#   4. Remove the sources and keys of apt that came with it
#
# Usage: bash undo.sh [--yes] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing.
#   It may be run again at any time: what is done is left alone.
# It ends with 0: done. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

current='the beginning' assume_yes=no
trap 'stop "$current failed (code $?), see above" "put it right and run this script again"' EXIT
trap 'leave 130 "stopped: interrupted in $current" "run this script again: it goes on"' INT TERM HUP

# leave CODE REASON LINE…: say why, and end.
leave() {
  trap - EXIT
  printf '\n%s\n' "$2" >&2
  if (($# > 2)); then printf '  %s\n' "${@:3}" >&2; fi
  exit "$1"
}
stop() { leave 1 "stopped: $1" "${@:2}"; }
step() { current="step $1 ($2)" && echo "[$1/4] $2 …"; }

# confirm WHAT: asked at the terminal, unless --yes was given.
confirm() {
  local answer=$assume_yes
  if [[ $answer == no && -t 0 ]]; then read -r -p "$1. Go on? [y/N] " answer; fi
  [[ $answer == [yY]* ]] || stop "$1" 'say yes at a terminal, or run it with --yes'
}
ask_root() { ((EUID == 0)) || confirm "Root is needed to $1"; }
as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

for option in "$@"; do
  case $option in
    --yes) assume_yes=yes ;;
    --help) sed -n '/^# Usage/,/^$/s/^# \{0,1\}//p' "$0"; trap - EXIT; exit ;;
    *) leave 2 "unknown option: $option" 'usage: bash undo.sh [--yes] [--help]' ;;
  esac
done

# Settings of pip, uv, Python and conda lead packages elsewhere; those for the way to them may stay.
kept='INDEX($|_[^S]|_.*_)|LINK|CERT|PROXY|HOST|KEYRING|TLS|MIRROR|TIMEOUT|RETR|CACHE|OFFLINE|CONFIG'
for name in "${!PIP_@}" "${!UV_@}" "${!PYTHON@}" "${!CONDA_@}" VIRTUAL_ENV; do
  [[ $name =~ $kept ]] || unset "$name"
done
# Nothing is touched where this script does not belong.
# shellcheck source=/dev/null
here="$(source /etc/os-release && echo "$ID ${VERSION_ID-}") $(uname -m)"
[[ $here == 'ubuntu 24.04 x86_64' ]] || stop "made for ubuntu 24.04 x86_64, and this is $here"
cd / # nothing of the folder this is started from may change what is done

{ # bash reads all of this before it does any of it
# unattended WORD…: as root, with the proxies: sudo drops them, apt reads small letters only.
unattended() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" https_proxy="${https_proxy-${HTTPS_PROXY-}}" \
    no_proxy="${no_proxy-${NO_PROXY-}}" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@"
}
apt_get() { unattended apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }

# packages_left PACKAGE…: those of which any file may be here, installed to the end or not.
packages_left() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '!/^.[nc]/ {print $NF}'; }

packages_gone() {
  [[ -z $(packages_left "$@") ]]
}

# packages_remove PACKAGE…: these and no others; their configuration stays.
packages_remove() {
  local package removed present others=''
  read -ra present <<<"$(packages_left "$@" | xargs)"
  ((${#present[@]})) || return 0
  ask_root "remove with apt: ${present[*]}"
  removed=$(LC_ALL=C apt-get -s remove "${present[@]}" | sed -n 's/^Remv \([^ ]*\).*/\1/p') ||
    stop 'apt cannot remove them' 'its own words are above'
  for package in $removed; do
    [[ " ${present[*]} " == *" $package "* ]] || others+=" $package"
  done
  [[ -z $others ]] || stop "apt would remove more than that:$others" 'look into that first'
  apt_get remove "${present[@]}" || stop 'apt could not remove them' 'its own words are above'
}

packages_forgotten() {
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
      '' | not-installed) ;;
      *) return 1 ;;
    esac
  done
}

# packages_purge PACKAGE…: the configuration of what was removed.
packages_purge() {
  local package left=()
  for package in "$@"; do
    packages_forgotten "$package" || left+=("$package")
  done
  ((${#left[@]})) || return 0
  apt_get purge "${left[@]}" || stop 'apt could not purge them' 'its own words are above'
}

# packages_fetch PACKAGE=VERSION…: seen to be at hand before anything is removed for them.
packages_fetch() {
  ask_root "fetch with apt what was here before: $*"
  apt_get install --download-only "$@" || stop 'apt could not fetch them' 'its own words are above'
}

step 1 'Remove 2 packages that came with it'
if ! { packages_gone nvidia-driver-580-open nvidia-settings &&
    packages_forgotten nvidia-driver-580-open; }; then
  packages_fetch nvidia-driver-470=470.256.02-0ubuntu0.24.04.1
  packages_remove nvidia-driver-580-open nvidia-settings
  packages_purge nvidia-driver-580-open
fi

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

packages_back() {
  local wish
  for wish in "$@"; do
    [[ $(installed_version "${wish%%=*}") == "${wish#*=}" ]] || return 1
  done
}

# packages_restore PACKAGE=VERSION…: what a driver took the place of.
packages_restore() {
  ask_root "install with apt what was here before: $*"
  apt_get install --no-install-recommends "$@" ||
    stop 'apt could not install them' 'its own words are above'
}

step 2 'Install again 1 package that went for it'
if ! packages_back nvidia-driver-470=470.256.02-0ubuntu0.24.04.1; then
  packages_restore nvidia-driver-470=470.256.02-0ubuntu0.24.04.1
fi

marked_automatic() {
  local package marked
  marked=$(apt-mark showauto "$@") || return 1
  for package in "$@"; do
    [[ $'\n'$marked$'\n' == *$'\n'"$package"$'\n'* ]] || return 1
  done
}

# mark_automatic PACKAGE…: what apt may remove again when nothing needs it.
mark_automatic() {
  ask_root "let apt know again that nobody asked for: $*"
  as_root apt-mark auto "$@"
}

step 3 'Mark 2 packages as installed for others, as before'
if ! marked_automatic nvidia-driver-470 libc6-dev; then
  mark_automatic nvidia-driver-470 libc6-dev
fi

# files_gone SHA256 FILE…: what somebody changed since is not ours any more.
files_gone() {
  while (($#)); do
    if file_unchanged "$1" "$2"; then return 1; fi
    shift 2
  done
}

file_unchanged() {
  [[ -r $2 && $(sha256sum <"$2") == "$1 "* ]]
}

files_remove() {
  while (($#)); do
    ask_root "remove $2"
    if file_unchanged "$1" "$2"; then as_root rm -f "$2"; fi
    shift 2
  done
}

step 4 'Remove the sources and keys of apt that came with it'
if ! files_gone \
    0000000000000000000000000000000000000000000000000000000000000000 \
    /etc/apt/keyrings/dlsetup-nvidia.asc; then
  files_remove \
      0000000000000000000000000000000000000000000000000000000000000000 \
      /etc/apt/keyrings/dlsetup-nvidia.asc
fi

trap - EXIT
}
