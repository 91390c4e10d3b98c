#!/usr/bin/env bash
# Installs torch 2.11.0, torchvision 0.26.0, and proves that it works.
# Made by dlsetup for this machine:
#   Ubuntu 24.04, x86_64
#   GPU: Radeon RX 7900 XTX (gfx1100)
# What it installs:
#   torch 2.11.0, build rocm7.2 (announced)
#   torchvision 0.26.0, build rocm7.2 (announced)
#   Python 3.12
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. uv 0.13.8, the installer, in a folder of its own
#   3. An environment with Python 3.12
#   4. Python packages: torch 2.11.0, torchvision 0.26.0
#   5. Verification
# It writes, but for what apt does, to ~/dlsetup/torch, ~/.cache/uv.
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0 when ready, 1 when stopped, 2 for an unknown option, 130 when interrupted.

set -euo pipefail
export LC_ALL=C.UTF-8
environment=$(realpath -ms "${DLSETUP_ENV:-${HOME:?}/dlsetup/torch}")
made=$environment/.dlsetup # what this script makes for itself: its uv, and notes of what it did
uv=$made/uv/bin/uv
HOLDS='Python 3.12: torch==2.11.0+rocm7.2 torchvision==0.26.0+rocm7.2'
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
step() { current="step $1 ($2)" && echo "[$1/5] $2 …"; }

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
[[ $here == 'ubuntu 24.04 x86_64' ]] || stop "made for ubuntu 24.04 x86_64, and this is $here"
! grep -qis microsoft /proc/sys/kernel/osrelease || stop 'made for a machine without WSL2'
held=$(cat "$made/holds" 2>/dev/null) || held=''
[[ ${held:-$HOLDS} == "$HOLDS" && (-d $made || -z $(ls -A "$environment" 2>/dev/null)) ]] ||
  stop "$environment holds something else: ${held:-files that this script did not make}" \
    'move it away, or name another folder with DLSETUP_ENV'
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

step 2 'uv 0.13.8, the installer, in a folder of its own'
if ! [[ $("$uv" --version 2>/dev/null) == 'uv 0.13.8'* ]]; then
  mkdir -p "$made" && echo "$HOLDS" >"$made/holds"
  /usr/bin/python3 -m venv --clear "$made/uv"
  # From the package index, and only the very file that was planned.
  echo uv==0.13.8 --hash=sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984 \
    >"$made/uv.txt"
  "$made/uv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$made/uv.txt"
fi

step 3 'An environment with Python 3.12'
if ! [[ $("$environment/bin/python" -I -V 2>/dev/null) == 'Python 3.12.'* ]]; then
  "$uv" venv --quiet --allow-existing --no-managed-python --no-python-downloads \
    --python /usr/bin/python3 "$environment"
fi

step 4 'Python packages: torch 2.11.0, torchvision 0.26.0'
if ! [[ -e $made/installed ]]; then
  mkdir "$made/began" 2>/dev/null || anew=yes # an earlier run was cut short
  "$uv" pip install --python "$environment/bin/python" ${anew:+--reinstall} \
    --index https://download.pytorch.org/whl/rocm7.2 \
    -- torch==2.11.0+rocm7.2 torchvision==0.26.0+rocm7.2
  touch "$made/installed"
fi

step 5 Verification
env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES "$environment/bin/python" -I - <<'PYTHON' # on all GPUs
from importlib.metadata import version
import torchvision
for name, planned in {"torch": "2.11.0+rocm7.2", "torchvision": "0.26.0+rocm7.2"}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")
print("  import torchvision: fine")

import sys

sys.argv[1:] = ["2.11.0", "rocm", "gfx1100"]
"""PyTorch must compute on the planned GPUs of AMD, Intel or Apple, and get the right answer."""

import os
import sys

# What hides a GPU or passes it off as another one proves nothing.
for name in (
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "HSA_OVERRIDE_GFX_VERSION",
    "ONEAPI_DEVICE_SELECTOR",
    "ZE_AFFINITY_MASK",
    "PYTORCH_ENABLE_MPS_FALLBACK",
):
    os.environ.pop(name, None)

import torch

wanted, accelerator, *planned = sys.argv[1:]
SIZE = 256
ones = torch.ones(SIZE, SIZE)


def proves(device, name):
    there = ones.to(device)
    if float((there @ there).sum()) != SIZE**3:
        sys.exit(f"torch computes wrongly on {name}")
    print(f"  torch {torch.__version__} computes on {name}")


def rocm():
    if torch.version.hip is None:
        sys.exit("this torch is a build without ROCm; the plan is for AMD's GPUs")
    left = list(planned)
    for index in range(torch.cuda.device_count()):
        target = torch.cuda.get_device_properties(index).gcnArchName.partition(":")[0]
        name = f"GPU {index}, {torch.cuda.get_device_name(index)} ({target})"
        if target not in left:
            print(f"  {name} has no part in the plan")
            continue
        if target not in torch.cuda.get_arch_list():
            sys.exit(f"torch holds no code for {name}: {torch.cuda.get_arch_list()}")
        proves(f"cuda:{index}", name)
        left.remove(target)
    if left:
        sys.exit(
            f"torch does not see {', '.join(left)}: is the amdgpu driver loaded, and may this user "
            "open /dev/kfd (the groups render and video)?"
        )


def xpu():
    if not hasattr(torch, "xpu"):
        sys.exit("this torch is a build without XPU; the plan is for Intel's GPUs")
    seen = torch.xpu.device_count()
    if seen < len(planned):
        sys.exit(f"torch sees {seen} of {len(planned)} GPUs: is Intel's GPU driver installed?")
    for index in range(seen):
        proves(f"xpu:{index}", f"GPU {index}, {torch.xpu.get_device_name(index)}")


def mps():
    if not torch.backends.mps.is_available():
        sys.exit("torch does not see Apple's GPU")
    proves("mps", "Apple's GPU")


if torch.__version__.split("+")[0] != wanted.split("+")[0]:
    sys.exit(f"torch is {torch.__version__}; {wanted} was planned")
{"rocm": rocm, "xpu": xpu, "mps": mps}[accelerator]()
PYTHON
trap - EXIT
printf '\nready: %s\nuse it: %q\n' 'torch 2.11.0, torchvision 0.26.0' "$environment/bin/python"
} # use it: "${DLSETUP_ENV:-$HOME/dlsetup/torch}/bin/python"
