#!/usr/bin/env bash
# Installs torch 1.12.1, and proves that it works.
# Made by dlsetup for this machine:
#   Ubuntu 22.04, x86_64
#   GPU: NVIDIA Tesla K80 (3.7)
#   NVIDIA driver: none known, at least 440.33 is needed, of branch 470 at most
# What it installs:
#   torch 1.12.1, CUDA 10.2, cuDNN 7.6 (measured)
#   Python 3.10
#   numpy<2: _ARRAY_API not found
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. NVIDIA driver: nvidia-driver-470, once installed, stays on its branch (as root)
#   3. NVIDIA driver: nvidia-driver-470 unless one that fits runs (as root)
#   4. uv 0.13.8, the installer, in a folder of its own
#   5. An environment with Python 3.10
#   6. Python packages: torch 1.12.1
#   7. Verification
# It writes, but for what apt does, to ~/dlsetup/torch, ~/.cache/uv.
# It may replace an older NVIDIA driver; if apt would remove anything else, it stops before.
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0 when ready, 1 when stopped, 2 for an unknown option, 130 when interrupted, 10 to be
# run again after a reboot.

set -euo pipefail
export LC_ALL=C.UTF-8
environment=$(realpath -ms "${DLSETUP_ENV:-${HOME:?}/dlsetup/torch}")
made=$environment/.dlsetup # what this script makes for itself: its uv, and notes of what it did
uv=$made/uv/bin/uv
HOLDS='Python 3.10: torch==1.12.1 numpy<2'
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
  ((${#added[@]} == 0)) || as_root apt-mark unhold "${added[@]}" >/dev/null
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

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# package_held PACKAGE: also where it is not here, or was here before this script.
package_held() {
  [[ -z $(installed_version "$1") || $'\n'$(apt-mark showhold)$'\n' == *$'\n'"$1"$'\n'* ]] ||
    { [[ -n ${made-} ]] && ! grep -qsx "$1" "$made/added"; }
}

# package_hold PACKAGE: apt leaves it at this version, because some day its name may bring a branch
# that no longer drives this GPU.
package_hold() {
  as_root apt-mark hold "$1" >/dev/null
  echo "  held: $1: newer branches drop this GPU. Undone by: sudo apt-mark unhold $1"
}

step 2 'NVIDIA driver: nvidia-driver-470, once installed, stays on its branch'
if ! package_held nvidia-driver-470; then
  ask_root 'hold nvidia-driver-470 with apt'
  package_hold nvidia-driver-470
fi

reboot_first() { leave 10 "$1" 'Reboot this machine, then run this script again: it goes on.'; }

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() { changed_since_boot "/var/lib/dpkg/info/$1"{,:*}.list; }

# running_driver: its version; nothing where none runs.
running_driver() { grep -shom1 '[0-9]*\.[0-9.]*' /{sys/module,proc/driver}/nvidia/version | sed q; }
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }
# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_fits() { reaches "$(running_driver)" "$1" && ! driver_torn; }

# changed_since_boot FILE…: whether one was put here after this machine was started.
changed_since_boot() {
  [[ -n $(find -L "$@" -newerct "@$(sed -n 's/^btime //p' /proc/stat)" 2>/dev/null) ]]
}

# kernels: those that may be started here, and what brings the next ones: 6.8.0-45-generic, generic.
kernels() {
  {
    uname -r
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'linux-image-*' 2>/dev/null |
      sed -n 's/^installed linux-image-//p' || true
  } | sort -uV
}

# kernel_parts PREFIX: what apt has for them, by names that begin so.
kernel_parts() { { apt-cache pkgnames "$1"; kernels | sed "s/^/$1/"; } | sort | uniq -d; }

# enrolment: what to do before the reboot where the kernel takes only what an enrolled key signed.
enrolment() {
  local key=/var/lib/shim-signed/mok/MOK.der
  [[ $(od -A n -t u1 /sys/firmware/efi/efivars/SecureBoot-* 2>/dev/null) == *1 ]] || return 0
  [[ -e $key ]] || key=/var/lib/dkms/mok.pub
  [[ $(mokutil --test-key "$key" 2>/dev/null) != *'already enrolled'* ]] || return 0
  cat <<TEXT
  note: Secure Boot is on: the kernel takes the driver once the key it is signed with
  is enrolled. BEFORE the reboot run this, and make up a password when it asks for one:
      sudo mokutil --import $key
  AT the reboot a blue screen, "Perform MOK management", waits ten seconds for a key. Choose
      Enroll MOK > Continue > Yes > that password > Reboot
  If that is missed, give the command again and reboot once more.
TEXT
}

# of_no_driver: of the packages it reads, those that make up no driver, as the container toolkit.
of_no_driver() {
  grep -vE -e '^(firmware|lib(egl|gl1|gles|glx)|linux-(modules|objects|signatures))-nvidia' \
    -e '^libnvidia-([^cn]|c[^o]|com|n[^s])|^lib(cuda1|cudadebugger|nvcuvid|nvoptix|xnvctrl)' \
    -e '^nvidia-(alternative|compute-|dkms|driver|egl|firmware|headless|installer|kernel|legacy)' \
    -e '^nvidia-(modprobe|open|persistenced|prime|settings|smi|support|suspend|tesla|utils|vdpau)' \
    -e '^nvidia-(vulkan|xconfig)|^xserver-xorg-video-nvidia|^cuda-drivers(-[0-9]|$)'
}

step 3 'NVIDIA driver: nvidia-driver-470 unless one that fits runs'
if ! { driver_fits 440.33 && (($(running_driver | cut -d. -f1) <= 470)); }; then
  package=nvidia-driver-470
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor ||
    stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  if driver_torn && changed_since_boot /usr/lib{,64}/{,*/}libnvidia-ml.so.1; then
    reboot_first 'The driver that runs and its libraries are of two versions.'
  fi
  ! driver_torn || stop 'the driver that runs and its libraries are of two versions' \
    "a reboot did not help: two drivers are installed, see dpkg -l '*nvidia*'"
  version=$(installed_version "$package" | sed 's/^[0-9]*://; s/-.*//')
  if [[ $version == 470.* ]] && reaches "$version" 440.33; then
    ! installed_since_boot "$package" ||
      reboot_first "The driver $version is installed but not running."
    stop "the driver $version is installed, and after a reboot it still does not run" \
      "is Secure Boot on? then its key has to be enrolled: mokutil --sb-state" \
      "is its module built for this kernel, $(uname -r)? see: dkms status; modinfo nvidia" \
      'what the kernel says: sudo dmesg | grep -i -e nvidia -e nvrm -e nouveau'
  fi
  [[ ! -x /usr/bin/nvidia-installer && ! -x /usr/bin/nvidia-uninstall ]] ||
    stop "a driver from NVIDIA's own installer (.run) is here, and packages would mix with it" \
      'remove it first: sudo nvidia-uninstall' 'then reboot, and run this script again'
  ask_root "install $package with apt, in place of an older driver"
  apt_refresh
  parts=$(kernel_parts linux-headers-)
  [[ $parts == linux-modules-* || $parts == *"-$(uname -r)"* ]] ||
    echo "  note: apt has no linux-headers-$(uname -r): where dkms builds the module, it cannot."
  read -ra packages <<<"$package $(xargs <<<"$parts")"
  plan=$(apt-get -s install "${packages[@]}") || stop "apt cannot install $package" \
    'it stands in the part restricted of the archive: see that its sources name that part'
  # The name may lead to another branch: what counts is the version that would come.
  version=$(sed -n "s/^Inst $package .*(\([0-9]*:\)\{0,1\}\([^- ]*\).*/\2/p" <<<"$plan")
  [[ -n $version ]] || version=$(installed_version "$package" | sed 's/^[0-9]*://; s/-.*//')
  if [[ $version != 470.* ]] || ! reaches "$version" 440.33; then
    stop "apt would install driver $version under the name $package" \
      'the plan is for branch 470, and for 440.33 at least'
  fi
  read -ra gone <<<"$(sed -n 's/^Remv \([^ :]*\).*/\1/p' <<<"$plan" | xargs)"
  others=$(printf '%s\n' "${gone[@]}" | of_no_driver | xargs) || others=''
  [[ -z $others ]] || stop "to install $package apt would remove: $others" 'look into that first'
  if ((${#gone[@]})); then echo "  it replaces: ${gone[*]}"; fi
  apt_new <<<"$plan" | remember
  apt_get install "${packages[@]}"
  package_hold nvidia-driver-470
  [[ ! -d /sys/module/nouveau ]] ||
    echo '  note: nouveau drives the GPU now; the package shuts it out from the next start on.'
  [[ $parts == linux-modules-* ]] || enrolment
  reboot_first "The driver $version is installed."
fi

step 4 'uv 0.13.8, the installer, in a folder of its own'
if ! [[ $("$uv" --version 2>/dev/null) == 'uv 0.13.8'* ]]; then
  mkdir -p "$made" && echo "$HOLDS" >"$made/holds"
  /usr/bin/python3 -m venv --clear "$made/uv"
  # From the package index, and only the very file that was planned.
  echo uv==0.13.8 --hash=sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984 \
    >"$made/uv.txt"
  "$made/uv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$made/uv.txt"
fi

step 5 'An environment with Python 3.10'
if ! [[ $("$environment/bin/python" -I -V 2>/dev/null) == 'Python 3.10.'* ]]; then
  "$uv" venv --quiet --allow-existing --no-managed-python --no-python-downloads \
    --python /usr/bin/python3 "$environment"
fi

step 6 'Python packages: torch 1.12.1'
if ! [[ -e $made/installed ]]; then
  mkdir "$made/began" 2>/dev/null || anew=yes # an earlier run was cut short
  "$uv" pip install --python "$environment/bin/python" ${anew:+--reinstall} \
    -- torch==1.12.1 'numpy<2'
  touch "$made/installed"
fi

step 7 Verification
env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES "$environment/bin/python" -I - <<'PYTHON' # on all GPUs
import importlib.util
from importlib.metadata import version
import torch
for name, planned in {"torch": "1.12.1"}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")
if importlib.util.find_spec("numpy"): torch.ones(1).numpy()  # fails where they do not fit
cuda, seen = str(torch.version.cuda), torch.cuda.device_count()
assert cuda.startswith("10.2"), f"torch is built for CUDA {cuda}; 10.2 was planned"
assert seen >= 1, f"torch sees {seen} of 1 GPUs: it would silently use the CPU"
for index in range(seen):
    ones = torch.ones(256, 256, device=f"cuda:{index}")
    assert float((ones @ ones).sum()) == 256**3, f"torch computes wrongly on GPU {index}"
    print(f"  torch {torch.__version__} computes on {torch.cuda.get_device_name(index)}, {index}")
PYTHON
trap - EXIT
printf '\nready: %s\nuse it: %q\n' 'torch 1.12.1' "$environment/bin/python"
} # use it: "${DLSETUP_ENV:-$HOME/dlsetup/torch}/bin/python"
