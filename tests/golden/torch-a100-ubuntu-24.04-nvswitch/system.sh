#!/usr/bin/env bash
# What torch 2.14.1 needs of the system, and nothing else.
#
# Made by dlsetup for this machine:
#   Ubuntu 24.04, x86_64
#   GPU: 8 x NVIDIA A100-SXM4-80GB (8.0)
#   NVIDIA driver: none known, at least 525.60.13 is needed
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates
#   2. NVIDIA driver: nvidia-driver-580-server-open unless one that fits runs
#   3. Fabric manager of the driver's version, where NVSwitches are
# It may replace an older NVIDIA driver; if apt would remove anything else, it stops before.
#
# Usage: bash system.sh [--yes] [--help]
#   It asks before it does anything as root; with --yes it asks nothing.
#   It may be run again at any time: what is done is left alone.
# It ends with 0: done. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

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
    echo "[$1/3] $3 … already done"
  else
    echo "[$1/3] $3 …"
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
  [[ $here == 'ubuntu 24.04 x86_64' ]] || stop "made for ubuntu 24.04 x86_64, and this is $here"
  ! grep -qis microsoft /proc/sys/kernel/osrelease ||
    stop 'this is WSL2, where the driver belongs to Windows: it needs a script of its own'
  cd / # nothing of the folder this is started from may change what is done
}

# remember: dlsetup itself keeps a record of what was changed.
remember() { cat >/dev/null; }

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

# --- 2. NVIDIA driver: nvidia-driver-580-server-open unless one that fits runs
reboot_first() { leave 10 "$1 Reboot this machine, then $again" "${@:2}"; }

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() {
  [[ -n $(find -L "/var/lib/dpkg/info/$1"{,:*}.list \
    -newerct "@$(sed -n 's/^btime //p' /proc/stat)" 2>/dev/null) ]]
}

# running_driver: its version; nothing where none runs.
running_driver() {
  { cat /sys/module/nvidia/version || cat /proc/driver/nvidia/version; } 2>/dev/null |
    grep -oEm 1 '[0-9]+(\.[0-9]+)+' || true
}

# reaches VERSION FLOOR
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }

# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_whole() {
  ! driver_torn || reboot_first 'The driver that runs and its libraries are of two versions.' \
    "If that does not change by a reboot, two drivers are installed: dpkg -l '*nvidia*'"
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

check_driver() {
  local running
  running=$(running_driver)
  [[ -n $running ]] && reaches "$running" 525.60.13 && ! driver_torn
}
do_driver() {
  local package=nvidia-driver-580-server-open packages version parts='' plan gone others
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor ||
    stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  driver_whole
  version=$(installed_version "$package" | sed 's/^[0-9]*://; s/-.*//')
  if [[ $version == 580.* ]] && reaches "$version" 525.60.13; then
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
  ask_root "install the NVIDIA driver with apt: $package, in place of an older one"
  apt_refresh
  # Modules that the archive holds signed for the next kernel too, or else headers to build them with.
  parts=$(kernel_parts linux-modules-nvidia-580-server-open-)
  [[ $parts == *"-$(kernels | grep '^[0-9]' | tail -n 1)"* ]] || parts=$(kernel_parts linux-headers-)
  [[ $parts == linux-modules-* || $parts == *"-$(uname -r)"* ]] ||
    echo "  note: apt has no linux-headers-$(uname -r): where dkms builds the module, it cannot."
  read -ra packages <<<"$package $(xargs <<<"$parts")"
  plan=$(apt-get -s install "${packages[@]}") || stop "apt cannot install $package" \
    'it stands in the part restricted of the archive: see that its sources name that part'
  # The name may lead to another branch: what counts is the version that would come.
  version=$(sed -n "s/^Inst $package .*(\([0-9]*:\)\{0,1\}\([^- ]*\).*/\2/p" <<<"$plan")
  if [[ $version != 580.* ]] || ! reaches "$version" 525.60.13; then
    stop "apt would install driver $version under the name $package" \
      'the plan is for branch 580, and for 525.60.13 at least'
  fi
  read -ra gone <<<"$(sed -n 's/^Remv \([^ :]*\).*/\1/p' <<<"$plan" | xargs)"
  others=$(printf '%s\n' "${gone[@]}" | of_no_driver | xargs) || others=''
  [[ -z $others ]] || stop "to install $package apt would remove: $others" 'look into that first'
  if ((${#gone[@]})); then echo "  it replaces: ${gone[*]}"; fi
  apt_new <<<"$plan" | remember
  apt_get install "${packages[@]}"
  [[ ! -d /sys/module/nouveau ]] ||
    echo '  note: nouveau drives the GPU now; the package shuts it out from the next start on.'
  [[ $parts == linux-modules-* ]] || enrolment
  reboot_first "The driver $version is installed."
}

# --- 3. Fabric manager of the driver's version, where NVSwitches are
# fabric_manager_fits DEVICE…: also where none of these NVSwitches is on the PCI bus.
fabric_manager_fits() {
  local device here=no
  for device in "$@"; do
    ! grep -qsx "0x$device" /sys/bus/pci/devices/*/device || here=yes
  done
  [[ $here == no ]] || {
    [[ $(dpkg-query -W -f='${db:Status-Status} ${Version}\n' 'nvidia-fabricmanager*' 2>&1) == \
    *"installed $(running_driver)-"* ]] && systemctl is-active --quiet nvidia-fabricmanager
  }
}

# fabric_manager_install PACKAGE…: the one of the running driver's branch, in its very version, and
# held there: the package asks for that driver, so apt then moves neither without the other.
fabric_manager_install() {
  local running package version
  running=$(running_driver)
  for package in "$@" ''; do
    if [[ $package == *-"${running%%.*}" ]]; then break; fi
  done
  [[ -n $package ]] || stop "no fabric manager is known for driver $running" "known are: $*"
  ask_root "install $package $running with apt, hold it at that version, and start it"
  apt_refresh
  version=$(apt-cache madison "$package" |
    awk -v of="$running-" 'index($3, of) == 1 && !seen++ {print $3}')
  [[ -n $version ]] || stop "apt has no $package of version $running, and it must equal the driver" \
    "bring the driver to a version that apt has of both: apt-cache madison $package"
  if [[ $(apt-cache depends --important "$package") == *Depends:*nvidia-fabricmanager-* ]]; then
    stop "$package $version only redirects to another branch, and it must equal the driver" \
      "move the driver to that branch: apt-cache depends $package"
  fi
  apt-get -s install --allow-change-held-packages "$package=$version" | apt_new | remember
  apt_get install --allow-change-held-packages "$package=$version"
  as_root apt-mark hold "$package" >/dev/null
  echo "  held: $package, with the driver. Undone by: sudo apt-mark unhold $package"
  as_root systemctl enable --now nvidia-fabricmanager
}

check_fabric() { fabric_manager_fits 1af1; }
do_fabric() { fabric_manager_install nvidia-fabricmanager-580; }

# --- Running it

main() {
  local option
  for option in "$@"; do
    case $option in
      --yes) assume_yes=yes ;;
      --help) sed -n '/^# Usage/,/^$/s/^# \{0,1\}//p' "$0" && trap - EXIT && exit ;;
      *) leave 2 "unknown option: $option" 'usage: bash system.sh [--yes] [--help]' ;;
    esac
  done
  guard
  step 1 system 'System packages: python3, python3-venv, ca-certificates'
  step 2 driver 'NVIDIA driver: nvidia-driver-580-server-open unless one that fits runs'
  step 3 fabric 'Fabric manager of the driver'"'"'s version, where NVSwitches are'
  trap - EXIT
}

main "$@"
