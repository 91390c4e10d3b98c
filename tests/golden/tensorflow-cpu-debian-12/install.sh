#!/usr/bin/env bash
# Installs tensorflow-cpu 2.21.0, and proves that it works.
#
# Made by dlsetup for this machine:
#   Debian 12, x86_64
#   GPU: none
# What it installs:
#   tensorflow-cpu 2.21.0 (measured)
#   Python 3.11
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. uv 0.13.8, the installer, in a folder of its own
#   3. An environment with Python 3.11
#   4. Python packages: tensorflow-cpu 2.21.0
#   5. Verification
# Where it writes, but for what apt does:
#   ~/dlsetup/tensorflow-cpu  the environment and the uv that installs into it
#   ~/.cache/uv               uv's cache (XDG_CACHE_HOME or UV_CACHE_DIR moves it)
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it does anything as root; --yes asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0: ready. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

# What the environment holds; a folder that holds anything else is never written to.
HOLDS='Python 3.11: -- tensorflow-cpu==2.21.0'
environment=${DLSETUP_ENV:-${HOME:?}/dlsetup/tensorflow-cpu}
[[ $environment == /* ]] || environment=$PWD/$environment
# What this script makes for itself: its uv, and notes of what it did.
made=$environment/.dlsetup
uv=$made/uv/bin/uv
assume_yes=no
current='the beginning'
again='run this script again: it goes on from here.'
trap 'stop "$current failed (exit code $?), see above" "put it right, and $again"' EXIT
trap 'leave 130 "stopped: interrupted in $current." "You may $again"' INT TERM HUP

# leave CODE REASON LINE…: say why, and end.
leave() {
  trap - EXIT
  printf '\n%s\n' "$2" >&2
  if (($# > 2)); then printf '  %s\n' "${@:3}" >&2; fi
  exit "$1"
}
stop() { leave 1 "stopped: $1" "${@:2}"; }

# step NUMBER NAME TITLE: what is already so is left alone, and nothing is believed unseen.
step() {
  current="step $1 ($3)"
  if "check_$2"; then
    echo "[$1/5] $3 … already done"
  else
    echo "[$1/5] $3 …"
    "do_$2"
    "check_$2" || stop "$3: everything was done, and it still does not show"
  fi
}

# guard: nothing is touched where this script does not belong.
guard() {
  # Settings of pip, uv, Python and conda lead packages elsewhere; those for the way to them may stay.
  local name kept='_(INDEX(_URL|_.+_(USERNAME|PASSWORD))?|FIND_LINKS|PROXY|(TRUSTED|INSECURE)_HOST|'
  kept+='KEYRING_PROVIDER|NATIVE_TLS|CONFIG_FILE|MIRROR|TIMEOUT|RETRIES|CACHE_DIR|OFFLINE)$|_CERT'
  for name in "${!PIP_@}" "${!UV_@}" "${!PYTHON@}" "${!CONDA_@}" VIRTUAL_ENV; do
    [[ $name =~ $kept ]] || unset "$name"
  done
  local here
  # shellcheck source=/dev/null
  here="$(source /etc/os-release && echo "$ID ${VERSION_ID-}") $(uname -m)"
  [[ $here == 'debian 12 x86_64' ]] || stop "made for debian 12 x86_64, and this is $here"
  local held
  held=$(cat "$made/holds" 2>/dev/null) || held=''
  [[ ${held:-$HOLDS} == "$HOLDS" && (-d $made || -z $(ls -A "$environment" 2>/dev/null)) ]] ||
    stop "$environment holds something else: ${held:-files that this script did not make}" \
      'move it away, or name another folder with DLSETUP_ENV'
  cd / # away from project files that could change what is installed
}

# --- 1. System packages: python3, python3-venv, ca-certificates
# confirm WHAT: asked at the terminal, unless --yes was given.
confirm() {
  local answer=$assume_yes
  if [[ $answer == no && -t 0 ]]; then read -r -p "$1. Go on? [y/N] " answer; fi
  [[ $answer == [yY]* ]] || stop "$1" 'say yes at a terminal, or run it with --yes'
}
ask_root() { ((EUID == 0)) || confirm "Root is needed to $1"; }
as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

# apt_get WORD…: sudo drops what leads to a proxy, and apt reads the small letters only.
apt_get() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" no_proxy="${no_proxy-${NO_PROXY-}}" \
    https_proxy="${https_proxy-${HTTPS_PROXY-}}" DEBIAN_FRONTEND=noninteractive \
    NEEDRESTART_MODE=l apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}
apt_new() { sed -n 's/^Inst \([^ ]*\) (.*/\1/p'; }
apt_refresh() { apt_get -o APT::Update::Error-Mode=any update; }

system_packages_missing() {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>&1 | awk '!/^installed / {print $NF}'
}
system_packages_present() { [[ -z $(system_packages_missing "$@") ]]; }
system_packages_install() {
  local missing
  read -ra missing <<<"$(system_packages_missing "$@" | xargs)"
  ask_root "install with apt: ${missing[*]}"
  apt_refresh
  # What comes new is noted before it comes, for --uninstall.
  apt-get -s install --no-install-recommends "${missing[@]}" | apt_new | remember
  apt_get install --no-remove --no-install-recommends "${missing[@]}"
}

check_system() { system_packages_present python3 python3-venv ca-certificates; }
do_system() { system_packages_install python3 python3-venv ca-certificates; }

# --- 2. uv 0.13.8, the installer, in a folder of its own
check_uv() { [[ $("$uv" --version 2>/dev/null) == 'uv 0.13.8'* ]]; }
do_uv() {
  mkdir -p "$made"
  echo "$HOLDS" >"$made/holds"
  /usr/bin/python3 -m venv --clear "$made/uv"
  # From the package index, and only the very file that was planned.
  printf '%s ' uv==0.13.8 \
    --hash=sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984 >"$made/uv.txt"
  "$made/uv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$made/uv.txt"
}

# --- 3. An environment with Python 3.11
check_environment() { [[ $("$environment/bin/python" -I -V 2>/dev/null) == 'Python 3.11.'* ]]; }
do_environment() {
  "$uv" venv --quiet --allow-existing --no-managed-python --no-python-downloads \
    --python /usr/bin/python3 "$environment"
}

# --- 4. Python packages: tensorflow-cpu 2.21.0
check_packages() { [[ -e $made/installed ]]; }
do_packages() {
  local anew=()
  # Where an earlier run was cut short, all is written anew.
  mkdir "$made/began" 2>/dev/null || anew=(--reinstall)
  "$uv" pip install --python "$environment/bin/python" "${anew[@]}" \
    -- tensorflow-cpu==2.21.0
  touch "$made/installed"
}

# --- 5. Verification
check_verification() { [[ ${proved-} == yes ]]; }
do_verification() {
  # Whatever GPUs this shell hides: all count.
  env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES TF_CPP_MIN_LOG_LEVEL=2 \
    "$environment/bin/python" -I - <<'PYTHON'
from importlib.metadata import version

for name, planned in {"tensorflow-cpu": "2.21.0"}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")

import tensorflow as tf

for device in ["CPU:0"]:
    with tf.device(device):
        ones = tf.ones((256, 256))
        product = tf.matmul(ones, ones)
    assert product.device.endswith(device), f"tensorflow computes on {product.device}, not {device}"
    assert product.numpy().sum() == 256**3, f"tensorflow computes wrongly on {device}"
    print(f"  tensorflow {tf.__version__} computes on {device}")
PYTHON
  proved=yes
}

# --- Running it
# system_packages_remove PACKAGE…: these alone; dpkg leaves what something else needs.
system_packages_remove() {
  as_root env DEBIAN_FRONTEND=noninteractive dpkg --purge "$@" ||
    echo 'What dpkg did not remove stays: something else needs it now.'
}

remember() { mkdir -p "$made" && cat >>"$made/added"; }

# uninstall: what was here before this script is not in its notes, and stays.
uninstall() {
  local added
  read -ra added <<<"$(sort -u "$made/added" 2>/dev/null | xargs)"
  confirm "This removes $environment, and of the system: ${added[*]:-nothing}"
  ((${#added[@]} == 0)) || system_packages_remove "${added[@]}"
  # Its notes go last, so that it can go on where it was interrupted.
  rm -rf "${environment:?}"/{*,.[!d]*}
  rm -rf "$environment"
}

main() {
  local option task=install
  for option in "$@"; do
    case $option in
      --yes) assume_yes=yes ;;
      --uninstall) task=uninstall ;;
      --help) sed -n '/^# Usage/,/^$/s/^# \{0,1\}//p' "$0" && trap - EXIT && exit ;;
      *) leave 2 "unknown option: $option" 'usage: bash install.sh [--yes] [--uninstall] [--help]' ;;
    esac
  done
  guard
  if [[ $task == install ]]; then
    step 1 system 'System packages: python3, python3-venv, ca-certificates'
    step 2 uv 'uv 0.13.8, the installer, in a folder of its own'
    step 3 environment 'An environment with Python 3.11'
    step 4 packages 'Python packages: tensorflow-cpu 2.21.0'
    step 5 verification Verification
    printf '\nready: %s in %s\nuse it: %q\n' 'tensorflow-cpu 2.21.0' "$environment" "$environment/bin/python"
  else
    uninstall
  fi
  trap - EXIT
}

main "$@"

# Use it: "${DLSETUP_ENV:-$HOME/dlsetup/tensorflow-cpu}/bin/python"
