#!/usr/bin/env bash
# Installs tensorflow 2.21.0, nvidia-cudnn-cu12 9.10.2.21, and proves that it works.
# Made by dlsetup for this machine:
#   Ubuntu 22.04, x86_64
#   GPU: 2 x NVIDIA GeForce RTX 3090 (8.6)
#   NVIDIA driver: 535.183.01, at least 525.60.13 is needed
# What it installs:
#   tensorflow 2.21.0, CUDA 12.5, cuDNN 9 (measured)
#   nvidia-cudnn-cu12 9.10.2.21 (measured)
#   Python 3.12
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. NVIDIA driver, kept
#   3. uv 0.13.8, the installer, in a folder of its own
#   4. Python 3.12, beside the system's own
#   5. An environment with Python 3.12
#   6. Python packages: tensorflow 2.21.0, nvidia-cudnn-cu12 9.10.2.21
#   7. Verification
# It writes, but for what apt does, to ~/dlsetup/tensorflow, ~/.cache/uv.
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0 when ready, 1 when stopped, 2 for an unknown option, 130 when interrupted.

set -euo pipefail
export LC_ALL=C.UTF-8
environment=$(realpath -ms "${DLSETUP_ENV:-${HOME:?}/dlsetup/tensorflow}")
made=$environment/.dlsetup # what this script makes for itself: its uv, and notes of what it did
uv=$made/uv/bin/uv
HOLDS='Python 3.12: tensorflow[and-cuda]==2.21.0 nvidia-cudnn-cu12==9.10.2.21'
current='the beginning' assume_yes=no uninstalls=no
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
step() { current="step $1 ($2)" && echo "[$1/7] $2 …"; }

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
    --uninstall) uninstalls=yes ;;
    --help) sed -n '/^# Usage/,/^$/s/^# \{0,1\}//p' "$0"; trap - EXIT; exit ;;
    *) leave 2 "unknown option: $option" 'usage: bash install.sh [--yes] [--uninstall] [--help]' ;;
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
[[ $here == 'ubuntu 22.04 x86_64' ]] || stop "made for ubuntu 22.04 x86_64, and this is $here"
! grep -qis microsoft /proc/sys/kernel/osrelease || stop 'made for a machine without WSL2'
held=$(cat "$made/holds" 2>/dev/null) || held=''
[[ ${held:-$HOLDS} == "$HOLDS" && (-d $made || -z $(ls -A "$environment" 2>/dev/null)) ]] ||
  stop "$environment holds something else: ${held:-files that this script did not make}" \
    'move it away, or name another folder with DLSETUP_ENV'
export UV_PYTHON_INSTALL_DIR=$made/python
cd / # away from project files that could change what is installed

# What this script adds to the system is noted. dpkg takes it back, but for what others need.
remember() { mkdir -p "$made" && cat >>"$made/added"; }
# unattended WORD…: as root, with the proxies: sudo drops them, apt reads small letters only.
unattended() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" https_proxy="${https_proxy-${HTTPS_PROXY-}}" \
    no_proxy="${no_proxy-${NO_PROXY-}}" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@"
}
system_packages_remove() { unattended dpkg --purge "$@" || (($? == 1)); }

# packages_left PACKAGE…: those of which any file may be here, installed to the end or not.
packages_left() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '!/^.[nc]/ {print $NF}'; }
if [[ $uninstalls == yes ]]; then
  [[ -d $made ]] || leave 0 "nothing of this script is in $environment"
  read -ra added <<<"$(sort -u "$made/added" 2>/dev/null | xargs)"
  confirm "This removes $environment, and of the system: ${added[*]:-nothing}"
  as_root true # where root is not given, all stays
  ((${#added[@]} == 0)) || system_packages_remove "${added[@]}"
  left=$(packages_left "${added[@]:-none}" | xargs) || true
  rm -rf "$made"/[!ah]* "${environment:?}"/{*,.[!d]*} # its notes go last, and stay with what stays
  [[ -z $left ]] || stop "still installed: $left" "dpkg says above why. Put that right," \
    "and run this again; or let them stay, and remove this script's notes of them: $made"
  rm -rf "${environment:?}"
  leave 0 "removed: $environment" "what uv downloaded stays in its cache, which others share: ~/.cache/uv"
fi
{ # bash reads all of this before it does any of it
apt_get() { unattended apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }
# apt_refresh: what was cut off comes to its end first. "check" waits for another program; dpkg does not.
apt_refresh() {
  apt_get check || unattended dpkg --configure -a || true
  apt_get -o APT::Update::Error-Mode=any update && apt_get --fix-broken --no-remove install
}
apt_new() { sed -n 's/^Inst \([^ ]*\) (.*/\1/p'; }

system_packages_missing() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>&1 | awk '!/^.i/ {print $NF}'; }
system_packages_present() { [[ -z $(system_packages_missing "$@") ]]; }
system_packages_install() {
  local missing
  read -ra missing <<<"$(system_packages_missing "$@" | xargs)"
  ask_root "install with apt: ${missing[*]}"
  apt_refresh
  apt-get -s install --no-install-recommends "${missing[@]}" | apt_new | remember
  apt_get install --no-remove --no-install-recommends "${missing[@]}"
}

step 1 'System packages: python3, python3-venv, ca-certificates'
if ! system_packages_present python3 python3-venv ca-certificates; then
  system_packages_install python3 python3-venv ca-certificates
fi

# running_driver: its version; nothing where none runs.
running_driver() { grep -shom1 '[0-9]*\.[0-9.]*' /{sys/module,proc/driver}/nvidia/version | sed q; }
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }
# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_fits() { reaches "$(running_driver)" "$1" && ! driver_torn; }

step 2 'NVIDIA driver, kept'
if ! driver_fits 525.60.13; then
  stop "NVIDIA driver 525.60.13 or later is needed; this machine runs: $(running_driver)" \
    'install one (reboot, if that was just now), or render a script for this machine as it is'
fi

step 3 'uv 0.13.8, the installer, in a folder of its own'
if ! [[ $("$uv" --version 2>/dev/null) == 'uv 0.13.8'* ]]; then
  mkdir -p "$made" && echo "$HOLDS" >"$made/holds"
  /usr/bin/python3 -m venv --clear "$made/uv"
  # From the package index, and only the very file that was planned.
  echo uv==0.13.8 --hash=sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984 \
    >"$made/uv.txt"
  "$made/uv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$made/uv.txt"
fi

step 4 'Python 3.12, beside the system'"'"'s own'
if ! "$uv" python find --quiet --managed-python --no-python-downloads 3.12 >/dev/null 2>&1; then
  "$uv" python install --no-bin 3.12
fi

step 5 'An environment with Python 3.12'
if ! [[ $("$environment/bin/python" -I -V 2>/dev/null) == 'Python 3.12.'* ]]; then
  (($(df --output=avail --block-size=1 "$environment" | tail -n 1) >= 7000000000)) ||
    stop "$environment needs 7000 MB, and more for what these packages bring" 'make room, or set DLSETUP_ENV'
  "$uv" venv --quiet --allow-existing --managed-python --no-python-downloads \
    --python 3.12 "$environment"
fi

step 6 'Python packages: tensorflow 2.21.0, nvidia-cudnn-cu12 9.10.2.21'
if ! [[ -e $made/installed ]]; then
  mkdir "$made/began" 2>/dev/null || anew=yes # an earlier run was cut short
  "$uv" pip install --python "$environment/bin/python" ${anew:+--reinstall} \
    -- 'tensorflow[and-cuda]==2.21.0' nvidia-cudnn-cu12==9.10.2.21
  touch "$made/installed"
fi

step 7 Verification
env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES TF_CPP_MIN_LOG_LEVEL=2 \
  "$environment/bin/python" -I - <<'PYTHON' # on all GPUs
from importlib.metadata import version
import tensorflow as tf
for name, planned in {"tensorflow": "2.21.0", "nvidia-cudnn-cu12": "9.10.2.21"}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")
seen = len(tf.config.list_physical_devices("GPU"))
assert seen >= 2, f"tensorflow sees {seen} of 2 GPUs: it would silently use the CPU"
for device in [f"GPU:{index}" for index in range(seen)]:
    with tf.device(device):
        ones = tf.ones((256, 256))
        product = tf.matmul(ones, ones)
    assert product.device.endswith(device), f"tensorflow computes on {product.device}, not {device}"
    assert product.numpy().sum() == 256**3, f"tensorflow computes wrongly on {device}"
    print(f"  tensorflow {tf.__version__} computes on {device}")
PYTHON
trap - EXIT
printf '\nready: %s\nuse it: %q\n' 'tensorflow 2.21.0, nvidia-cudnn-cu12 9.10.2.21' \
  "$environment/bin/python"
} # use it: "${DLSETUP_ENV:-$HOME/dlsetup/tensorflow}/bin/python"
