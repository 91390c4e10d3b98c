#!/usr/bin/env bash
# The driver that dlsetup installed here, and all that came with it, taken back.
#
# Made by dlsetup for this machine:
#   ubuntu-24.04, x86_64
#
# What it changes, in this order:
#   1. Remove 2 packages that came with it
#   2. Install again 1 package that went for it
#   3. Mark 2 packages as installed for others, as before
#   4. Remove the sources and keys of apt that came with it
#
# How to run it:
#   bash undo.sh          asks before the first step that needs root, naming all such steps
#   bash undo.sh --yes    asks nothing
# As root it asks nothing. Without root and without a terminal it stops where it would ask; sudo
# may ask for a password of its own.
# It may be run again at any time: what is done is left alone.
# It ends with 0: done. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

PLANNED_OS=ubuntu
PLANNED_VERSION=24.04
PLANNED_ARCH=x86_64
PLANNED_WSL=no
TOTAL=4
ROOT_STEPS=(
  'Remove 2 packages that came with it'
  'Install again 1 package that went for it'
  'Mark 2 packages as installed for others, as before'
  'Remove the sources and keys of apt that came with it'
)

# --- Running steps -------------------------------------------------------------------------------

assume_yes=no
# The scopes that root was given for, each between blanks.
root_allowed=' '
finished=0
current='before the first step'

usage() {
  cat <<'TEXT'
usage: bash undo.sh [--yes] [--help]

  --yes   ask nothing, do what the head of this script says, root steps included
  --help  show this text
TEXT
}

stop() {
  printf '\nstopped: %s\n' "$1" >&2
  shift
  if (($#)); then printf '  %s\n' "$@" >&2; fi
  trap - EXIT
  exit 1
}

reboot_first() {
  printf '\n%s\n' "$@" 'Reboot this machine, then run this script again: it goes on from here.'
  trap - EXIT
  exit 10
}

on_exit() {
  local code=$?
  if ((code != 0)); then
    printf '\nstopped: %s failed (exit code %s), see above. Nothing after it was done;\n' \
      "$current" "$code" >&2
    printf '  put it right and run this script again: it goes on from here.\n' >&2
    exit 1
  fi
}

on_interrupt() {
  printf '\nstopped: interrupted in %s. Run this script again: it goes on from here.\n' \
    "$current" >&2
  trap - EXIT
  exit 130
}

trap on_exit EXIT
trap on_interrupt INT TERM HUP

read_options() {
  local option
  for option in "$@"; do
    case $option in
      --yes) assume_yes=yes ;;
      --help)
        usage
        trap - EXIT
        exit 0
        ;;
      *)
        printf 'unknown option: %q\n\n' "$option" >&2
        usage >&2
        trap - EXIT
        exit 2
        ;;
    esac
  done
}

# step NUMBER ID TITLE: nothing is done that is already so, and nothing is believed unseen.
step() {
  local label="[$1/$TOTAL] $3"
  current="step $1 ($3)"
  if "check_$2"; then
    printf '%s … already done\n' "$label"
  else
    printf '%s …\n' "$label"
    "do_$2"
    "check_$2" || stop "$3: everything was done, and it still does not show"
    printf '%s … done\n' "$label"
  fi
  finished=$((finished + 1))
}

# ask_root SCOPE WHAT: once for each scope; the first time all that is done as root is named.
ask_root() {
  local answer=''
  if [[ $root_allowed == *" $1 "* ]]; then return; fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      stop "root is needed to $2, and there is no sudo" 'run this script as root'
    if [[ $assume_yes != yes ]]; then
      [[ -t 0 ]] || stop "root is needed to $2, and there is no terminal to ask at" \
        'run it at a terminal, or with --yes, or as root'
      if [[ $root_allowed == ' ' ]]; then
        printf '\nThis script needs root for, where it is not done yet:\n'
        printf '  - %s\n' "${ROOT_STEPS[@]}"
      fi
      read -r -p "Root is needed to $2. Go on? [y/N] " answer || answer=''
      [[ $answer == [yY]* ]] || stop "root was not given to $2; neither that nor more was done"
    fi
  fi
  root_allowed+="$1 "
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# --- The machine this was made for, and the folders it may use -----------------------------------

# drop_settings: what this shell tells Python, pip, uv and conda would lead packages elsewhere. What
# says where packages come from, and how to reach that place, stays.
drop_settings() {
  local name
  for name in "${!PIP_@}" "${!UV_@}" "${!PYTHON@}" "${!CONDA_@}" VIRTUAL_ENV; do
    case $name in
      UV_INDEX_STRATEGY) unset "$name" ;;
      *_INDEX* | *_FIND_LINKS | *_CERT* | *_PROXY | *_TRUSTED_HOST | *_INSECURE_HOST) ;;
      *_KEYRING_PROVIDER | *_NATIVE_TLS | *_CONFIG_FILE | *_MIRROR) ;;
      *_TIMEOUT | *_RETRIES | *_CACHE_DIR | *_OFFLINE) ;;
      *) unset "$name" ;;
    esac
  done
}

os_release() {
  sed -n "s/^$1=//p" /etc/os-release | tr -d '"'
}

guard_system() {
  local id version wsl=no
  [[ -r /etc/os-release ]] || stop 'there is no /etc/os-release: this system cannot be told'
  id=$(os_release ID)
  version=$(os_release VERSION_ID)
  [[ $id == "$PLANNED_OS" && $version. == "$PLANNED_VERSION".* ]] ||
    stop "made for $PLANNED_OS $PLANNED_VERSION, and this is ${id:-an unknown system} $version" \
      'make one for this system: dlsetup render script'
  [[ $(uname -m) == "$PLANNED_ARCH" ]] ||
    stop "made for $PLANNED_ARCH, and this is $(uname -m)"
  if grep -qi microsoft /proc/sys/kernel/osrelease 2>/dev/null; then wsl=yes; fi
  [[ $wsl == "$PLANNED_WSL" ]] ||
    stop "made for a machine with WSL2: $PLANNED_WSL, and here it is: $wsl" \
      'on WSL2 the driver belongs to Windows, so the two need different scripts'
}

# --- Packages of the system ----------------------------------------------------------------------

# installed_version PACKAGE: nothing when it is not installed.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}

# candidate_version PACKAGE: what apt would install; nothing when it knows none.
candidate_version() {
  LC_ALL=C apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p' | grep -v '^(none)$' || true
}

# proxies: one NAME=VALUE a line. sudo drops them, and apt reads the small letters only.
proxies() {
  local name capital
  for name in http_proxy https_proxy no_proxy; do
    capital=${name^^}
    if [[ -n ${!name:-${!capital:-}} ]]; then printf '%s\n' "$name=${!name:-${!capital}}"; fi
  done
}

apt_get() {
  local told
  mapfile -t told < <(proxies)
  as_root env "${told[@]}" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}

apt_refreshed() {
  apt_get -o APT::Update::Error-Mode=any update
}

apt_refresh() {
  apt_refreshed || stop 'apt could not refresh its lists' \
    'is the network up, and are its sources reachable?' \
    'behind a proxy, set http_proxy and https_proxy: this script hands them on to apt'
}

system_packages_present() {
  local package
  for package in "$@"; do
    [[ -n $(installed_version "$package") ]] || return 1
  done
}

system_packages_install() {
  local package missing=()
  for package in "$@"; do
    [[ -n $(installed_version "$package") ]] || missing+=("$package")
  done
  ask_root system "install with apt: ${missing[*]}"
  apt_refresh
  apt_get install --no-install-recommends "${missing[@]}" ||
    stop "apt could not install ${missing[*]}" 'its own words are above'
}

# --- Taking back what was installed --------------------------------------------------------------

# package_there PACKAGE: whether any of its files may be here, be it installed to the end or not.
package_there() {
  case $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) in
    '' | not-installed | config-files) return 1 ;;
  esac
}

packages_gone() {
  local package
  for package in "$@"; do
    if package_there "$package"; then return 1; fi
  done
}

# packages_remove PACKAGE…: these and no others; their configuration stays.
packages_remove() {
  local package removed present=() others=''
  for package in "$@"; do
    if package_there "$package"; then present+=("$package"); fi
  done
  ((${#present[@]})) || return 0
  ask_root system "remove with apt: ${present[*]}"
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

packages_back() {
  local wish
  for wish in "$@"; do
    [[ $(installed_version "${wish%%=*}") == "${wish#*=}" ]] || return 1
  done
}

# packages_fetch PACKAGE=VERSION…: seen to be at hand before anything is removed for them.
packages_fetch() {
  ask_root system "fetch with apt what was here before: $*"
  apt_get install --download-only "$@" || stop 'apt could not fetch them' 'its own words are above'
}

# packages_restore PACKAGE=VERSION…: what a driver took the place of.
packages_restore() {
  ask_root system "install with apt what was here before: $*"
  apt_get install --no-install-recommends "$@" ||
    stop 'apt could not install them' 'its own words are above'
}

marked_automatic() {
  local package marked
  marked=$(apt-mark showauto "$@") || return 1
  for package in "$@"; do
    [[ $'\n'$marked$'\n' == *$'\n'"$package"$'\n'* ]] || return 1
  done
}

# mark_automatic PACKAGE…: what apt may remove again when nothing needs it.
mark_automatic() {
  ask_root system "let apt know again that nobody asked for: $*"
  as_root apt-mark auto "$@"
}

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
    ask_root system "remove $2"
    if file_unchanged "$1" "$2"; then as_root rm -f "$2"; fi
    shift 2
  done
}


# --- The steps: how each is seen to be done, and how it is done ---------------------------------

check_remove() {
  packages_gone nvidia-driver-580-open nvidia-settings &&
    packages_forgotten nvidia-driver-580-open
}
do_remove() {
  packages_fetch nvidia-driver-470=470.256.02-0ubuntu0.24.04.1
  packages_remove nvidia-driver-580-open nvidia-settings
  packages_purge nvidia-driver-580-open
}

check_restore() {
  packages_back nvidia-driver-470=470.256.02-0ubuntu0.24.04.1
}
do_restore() {
  packages_restore nvidia-driver-470=470.256.02-0ubuntu0.24.04.1
}

check_marks() {
  marked_automatic nvidia-driver-470 libc6-dev
}
do_marks() {
  mark_automatic nvidia-driver-470 libc6-dev
}

check_files() {
  files_gone \
    0000000000000000000000000000000000000000000000000000000000000000 \
    /etc/apt/keyrings/dlsetup-nvidia.asc
}
do_files() {
  files_remove \
    0000000000000000000000000000000000000000000000000000000000000000 \
    /etc/apt/keyrings/dlsetup-nvidia.asc
}

main() {
  read_options "$@"
  drop_settings
  guard_system
  # Nothing of the folder this is started from may change what is done.
  cd /
  step 1 remove 'Remove 2 packages that came with it'
  step 2 restore 'Install again 1 package that went for it'
  step 3 marks 'Mark 2 packages as installed for others, as before'
  step 4 files 'Remove the sources and keys of apt that came with it'
  [[ $finished == "$TOTAL" ]] || stop "only $finished of $TOTAL steps ran: this script was changed"
}

main "$@"
