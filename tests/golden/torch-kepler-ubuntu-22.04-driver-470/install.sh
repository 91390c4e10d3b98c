#!/usr/bin/env bash
# An installer for torch 1.12.1
#
# Made by dlsetup for this machine:
#   Ubuntu 22.04, x86_64
#   GPU: NVIDIA Tesla K80 (3.7)
#   NVIDIA driver: none known, at least 440.33 is needed, of branch 470 at most
#
# What it installs:
#   torch 1.12.1, CUDA 10.2, cuDNN 7.6 (measured)
#   Python 3.10
#   numpy<2: _ARRAY_API not found
#
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. NVIDIA driver: nvidia-driver-470 unless one that fits runs (as root)
#   3. uv 0.13.8, the installer, in a folder of its own
#   4. An environment with Python 3.10
#   5. Python packages: torch 1.12.1
#   6. Verification
# Where it writes, but for what apt does:
#   ~/dlsetup/torch           the environment
#   ~/.local/share/dlsetup    uv
#   ~/.cache/uv               uv's cache
#   DLSETUP_ENV, XDG_DATA_HOME, XDG_CACHE_HOME and UV_CACHE_DIR move what is below ~.
# What it may replace: an older NVIDIA driver. apt then removes that one's packages, such as
# nvidia-driver-*, nvidia-dkms-* and libnvidia-*, and says which; if it would remove anything
# else, the container toolkit and CUDA's toolkit among that, the script stops before.
#
# How to run it:
#   bash install.sh          asks before the first step that needs root, naming all such steps, and
#                            again before the driver or the repository that it comes from
#   bash install.sh --yes    asks nothing
#   DLSETUP_ENV=/some/folder bash install.sh    puts the environment elsewhere
# As root it asks nothing. Without root and without a terminal it stops where it would ask; sudo
# may ask for a password of its own.
# It may be run again at any time: what is done is left alone.
# It ends with 0: ready. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

PLANNED_OS=ubuntu
PLANNED_VERSION=22.04
PLANNED_ARCH=x86_64
PLANNED_WSL=no
# Changes when anything in the steps below changes, so that no old environment passes for this one.
PLAN=48cc2aa97188bdca
TOTAL=6
# What the environment holds; one that holds anything else is never written over.
HOLDS='Python 3.10: torch==1.12.1 numpy<2'
ROOT_STEPS=(
  'System packages: python3, python3-venv, ca-certificates'
  'NVIDIA driver: nvidia-driver-470 unless one that fits runs'
)

# --- Running steps -------------------------------------------------------------------------------

assume_yes=no
# The scopes that root was given for, each between blanks.
root_allowed=' '
finished=0
current='before the first step'

usage() {
  cat <<'TEXT'
usage: bash install.sh [--yes] [--help]

  --yes   ask nothing, do what the head of this script says, root steps included
  --help  show this text

DLSETUP_ENV names another folder for the environment.
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

# prepare_folders NAME: where things go. Nothing is made before the system is known to be right.
prepare_folders() {
  [[ -n ${HOME:-} && -d $HOME ]] || stop 'HOME names no folder'
  environment=${DLSETUP_ENV:-$HOME/dlsetup/$1}
  [[ $environment == /* ]] || environment=$PWD/$environment
  tools=${XDG_DATA_HOME:-$HOME/.local/share}/dlsetup
  # Project files of the folder this is started from must not change what is installed.
  cd /
}

# guard_environment: what lies in its folder must be of this plan, before anything is changed.
guard_environment() {
  local held=''
  if [[ -d $environment/.dlsetup ]]; then
    if [[ -r $environment/.dlsetup/holds ]]; then held=$(<"$environment/.dlsetup/holds"); fi
    [[ -z $held || $held == "$HOLDS" ]] || stop "$environment holds another plan:" "$held" \
      'remove it, or name another folder with DLSETUP_ENV'
  elif [[ -n $(ls -A "$environment" 2>/dev/null) ]]; then
    stop "$environment holds something that this script did not make" \
      'move it away, or name another folder with DLSETUP_ENV'
  fi
}

make_folder() {
  mkdir -p "$1" 2>/dev/null && [[ -w $1 ]] ||
    stop "the folder $1 cannot be made or written to" \
      'give it to this user, or name another with DLSETUP_ENV'
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

# --- The NVIDIA driver ---------------------------------------------------------------------------

# running_driver: the version that works now; nothing when there is none.
running_driver() {
  local text=''
  if [[ -r /sys/module/nvidia/version ]]; then
    text=$(</sys/module/nvidia/version)
  elif [[ -r /proc/driver/nvidia/version ]]; then
    text=$(head -n 1 /proc/driver/nvidia/version)
  elif command -v nvidia-smi >/dev/null; then
    text=$(timeout 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null) ||
      text=''
  fi
  if [[ $text =~ [0-9]+(\.[0-9]+)+ ]]; then printf '%s\n' "${BASH_REMATCH[0]}"; fi
}

# reaches VERSION FLOOR
reaches() {
  printf '%s\n%s\n' "$2" "$1" | sort -V -C
}

# driver_fits MINIMUM [LAST_BRANCH]: branches after the last have dropped a GPU of the plan.
driver_fits() {
  local running
  running=$(running_driver)
  [[ -n $running ]] && reaches "$running" "$1" && ((${running%%.*} <= ${2:-${running%%.*}})) &&
    ! driver_torn
}

# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() {
  local said
  command -v nvidia-smi >/dev/null || return 1
  said=$(timeout 30 nvidia-smi 2>&1) && return 1
  [[ $said == *'version mismatch'* ]]
}

# newer_than_boot FILE: whether it was put on this machine after the machine was started.
newer_than_boot() {
  local started put
  started=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null) || started=''
  put=$(stat -L -c %Z "$1" 2>/dev/null) || put=''
  [[ -z $started || -z $put ]] || ((put >= started))
}

# driver_whole: goes on unless the driver is torn, which a reboot may mend, but only once.
driver_whole() {
  local library
  driver_torn || return 0
  for library in /usr/lib/{,*/}libnvidia-ml.so.1 /usr/lib64/libnvidia-ml.so.1; do
    if [[ -e $library ]] && newer_than_boot "$library"; then
      reboot_first 'The kernel runs another version of the NVIDIA driver than its libraries are of.'
    fi
  done
  stop "the kernel runs driver $(running_driver), and its libraries are of another version" \
    'a reboot did not change that: two drivers are installed, and one of them has to go' \
    "see: nvidia-smi; dpkg -l '*nvidia*'"
}

has_nvidia_gpu() {
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor
}

# driver_of PACKAGE_VERSION: 580.178.04-0ubuntu0.24.04.1 holds driver 580.178.04.
driver_of() {
  local version=${1#*:}
  printf '%s\n' "${version%%-*}"
}

secure_boot() {
  local variables=(/sys/firmware/efi/efivars/SecureBoot-*)
  if command -v mokutil >/dev/null; then
    [[ $(mokutil --sb-state 2>/dev/null) == *'SecureBoot enabled'* ]]
  else
    [[ -r ${variables[0]} && $(od -A n -t u1 "${variables[0]}") == *1 ]]
  fi
}

# driver_wanted PACKAGE BRANCH MINIMUM: stops where installing it would be wrong or is already done.
driver_wanted() {
  local package=$1 branch=$2 minimum=$3 version
  has_nvidia_gpu || stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  driver_whole
  version=$(driver_of "$(installed_version "$package")")
  if [[ $version == "$branch".* ]] && reaches "$version" "$minimum"; then
    driver_asleep "$package" "$version"
  fi
  [[ ! -x /usr/bin/nvidia-uninstall ]] ||
    stop "a driver from NVIDIA's own installer is here, which packages must not overwrite" \
      'remove it with: sudo nvidia-uninstall'
  if [[ $root_allowed != *' driver '* ]] && secure_boot; then
    printf '  note: Secure Boot is on. The kernel then loads the driver only if it is signed with\n'
    printf '  an enrolled key: enrol that of dkms (mokutil --import), or switch it off.\n'
  fi
}

# driver_asleep PACKAGE VERSION: installed and not running, which a reboot mends only once.
driver_asleep() {
  local boot='off, or cannot be told'
  if installed_since_boot "$1"; then reboot_first "The driver $2 is installed but not running."; fi
  if secure_boot; then boot='on: modules whose key is not enrolled are refused'; fi
  stop "the driver $2 is installed, and after a reboot it still does not run" \
    "Secure Boot is $boot" \
    "is its module built for this kernel, $(uname -r)? see: dkms status; modinfo nvidia" \
    'what the kernel says: sudo dmesg | grep -i -e nvidia -e nvrm -e nouveau'
}

# installed_since_boot PACKAGE
installed_since_boot() {
  local list
  for list in "/var/lib/dpkg/info/$1".list "/var/lib/dpkg/info/$1":*.list; do
    if [[ -e $list ]] && newer_than_boot "$list"; then return; fi
  done
  return 1
}

# driver_part PACKAGE: whether it belongs to a driver, so that another driver may replace it.
# The container toolkit, CUDA's toolkit and what serves a data centre do not.
driver_part() {
  case $1 in
    libnvidia-container* | libnvidia-nscq*) return 1 ;;
    libnvidia-* | nvidia-alternative* | nvidia-compute-* | nvidia-dkms* | nvidia-driver* | \
      nvidia-egl* | nvidia-firmware* | nvidia-headless* | nvidia-installer-cleanup | \
      nvidia-kernel* | nvidia-legacy-* | nvidia-modprobe | nvidia-open* | \
      nvidia-persistenced | nvidia-prime | nvidia-settings* | nvidia-smi | nvidia-support | \
      nvidia-suspend-common | nvidia-tesla-* | nvidia-utils-* | nvidia-vdpau* | nvidia-vulkan* | \
      nvidia-xconfig | cuda-drivers* | firmware-nvidia-* | libcuda1* | libcudadebugger1 | \
      libegl-nvidia* | libgl1-nvidia* | libgles-nvidia* | libglx-nvidia* | libnvcuvid1* | \
      libnvoptix1* | libxnvctrl0 | linux-modules-nvidia-* | linux-objects-nvidia-* | \
      linux-signatures-nvidia-* | xserver-xorg-video-nvidia*) return 0 ;;
  esac
  return 1
}

# driver_replaces PACKAGE…: says which parts of another driver go, and stops where more would.
driver_replaces() {
  local removed package parts='' others=''
  removed=$(LC_ALL=C apt-get -s install "$@" | sed -n 's/^Remv \([^ :]*\).*/\1/p') ||
    stop "apt cannot install $1" 'its own words are above'
  for package in $removed; do
    if driver_part "$package"; then parts+=" $package"; else others+=" $package"; fi
  done
  [[ -z $others ]] || stop "to install $1 apt would remove:$others" 'look into that first'
  if [[ -n $parts ]]; then printf '  it replaces:%s\n' "$parts"; fi
}

# driver_install PACKAGE BRANCH MINIMUM COMPONENT
# Package names may redirect to another branch, so what counts is the version apt would install.
driver_install() {
  local package=$1 branch=$2 minimum=$3 component=$4 version headers
  driver_wanted "$package" "$branch" "$minimum"
  ask_root driver "install the NVIDIA driver with apt: $package, in place of an older one"
  apt_refresh
  version=$(driver_of "$(candidate_version "$package")")
  [[ -n $version ]] || stop "apt knows no $package" \
    "it stands in the part '$component' of the archive: see that its sources name that part"
  [[ $version == "$branch".* ]] ||
    stop "apt would install driver $version under the name $package, and the plan is for $branch"
  reaches "$version" "$minimum" ||
    stop "apt has driver $version, and at least $minimum is needed"
  headers=linux-headers-$(uname -r)
  if [[ -z $(candidate_version "$headers") ]]; then
    printf '  note: apt has no %s: where dkms builds the module, it cannot without them.\n' "$headers"
    headers=''
  fi
  driver_replaces "$package" ${headers:+"$headers"}
  apt_get install "$package" ${headers:+"$headers"} || stop "apt could not install $package"
  reboot_first "The driver $version is installed."
}

# --- uv, the installer ---------------------------------------------------------------------------

uv_present() {
  [[ $("$tools/uv-$1/bin/uv" --version 2>/dev/null) == "uv $1"* ]] || return 1
  uv=$tools/uv-$1/bin/uv
}

# uv_install VERSION HASH…: from the package index, and only the very file that was planned.
uv_install() {
  local home=$tools/uv-$1 line="uv==$1" hash
  shift
  for hash in "$@"; do line+=" --hash=$hash"; done
  make_folder "$tools"
  /usr/bin/python3 -m venv --clear "$home" || stop "no virtual environment could be made in $home"
  printf '%s\n' "$line" >"$home/requirements.txt"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$home/requirements.txt" ||
    stop "pip could not get $line" 'is the network up? behind a proxy, set https_proxy'
}

# --- The environment -----------------------------------------------------------------------------

environment_python() {
  "$environment/bin/python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

environment_present() {
  [[ -s $environment/.dlsetup/holds && $(environment_python) == "$1" ]]
}

# environment_make VERSION INTERPRETER
environment_make() {
  local options=(--no-managed-python --no-python-downloads --python "$2")
  if [[ $2 == managed ]]; then options=(--managed-python --no-python-downloads --python "$1"); fi
  make_folder "$environment"
  make_folder "$environment/.dlsetup"
  printf '%s\n' "$HOLDS" >"$environment/.dlsetup/holds"
  "$uv" venv --quiet --allow-existing "${options[@]}" "$environment" ||
    stop "uv could not make an environment with Python $1"
}

packages_installed() {
  [[ $(cat "$environment/.dlsetup/installed" 2>/dev/null) == "$PLAN" ]]
}

# packages_sources [PACKAGE=INDEX]…: tells uv to take these from their index, and nothing else.
packages_sources() {
  local source
  printf '[project]\nname = "dlsetup-plan"\nversion = "0"\ndependencies = ['
  for source in "$@"; do
    [[ $source =~ ^[A-Za-z0-9._-]+=https?://[][A-Za-z0-9._~:/@%+-]+$ ]] ||
      stop "$source names no package and its index"
    printf '"%s", ' "${source%%=*}"
  done
  printf ']\n'
  for source in "$@"; do
    printf '\n[[tool.uv.index]]\nname = "for-%s"\n' "${source%%=*}"
    printf 'url = "%s"\nexplicit = true\n' "${source#*=}"
  done
  printf '\n[tool.uv.sources]\n'
  for source in "$@"; do printf '"%s" = {index = "for-%s"}\n' "${source%%=*}" "${source%%=*}"; done
}

# packages_install [--source PACKAGE=INDEX]… [--index INDEX]… -- REQUIREMENT…
# If an earlier run was cut short, all is written anew.
packages_install() {
  local made=$environment/.dlsetup sources=() options=()
  while [[ $1 != -- ]]; do
    if [[ $1 == --source ]]; then sources+=("$2"); else options+=("$1" "$2"); fi
    shift 2
  done
  if ((${#sources[@]})); then
    packages_sources "${sources[@]}" >"$made/pyproject.toml"
    options+=(--requirements "$made/pyproject.toml")
  fi
  if [[ -e $made/unfinished ]]; then options+=(--reinstall); fi
  printf '%s\n' "$PLAN" >"$made/unfinished"
  "$uv" pip install --python "$environment/bin/python" "${options[@]}" "$@" ||
    stop 'uv could not install the packages' 'its own words are above'
  printf '%s\n' "$PLAN" >"$made/installed"
  rm -f "$made/unfinished"
}

# --- Verification --------------------------------------------------------------------------------

verified=no

verified_now() {
  [[ $verified == yes ]]
}

# prove ARGUMENT… <PROGRAM: run Python in the environment, whatever GPUs this shell hides.
prove() {
  env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES \
    "$environment/bin/python" -I - "$@" || stop 'the environment does not prove itself, see above'
}

verification_passed() {
  local stamp=$environment/.dlsetup/verified
  if [[ $(cat "$stamp" 2>/dev/null) != "$PLAN" ]]; then printf '%s\n' "$PLAN" >"$stamp"; fi
  verified=yes
}

verify_versions() {
  prove "$@" <<'PYTHON'
"""Every pin must be installed in exactly its version; a local part counts where it was asked."""

import os
import re
import sys

try:
    from importlib.metadata import PackageNotFoundError, version
except ImportError:  # before Python 3.8

    class PackageNotFoundError(Exception):
        pass

    def version(name):
        for folder in filter(os.path.isdir, sys.path):
            for entry in os.listdir(folder):
                found, _, said = entry.replace(".dist-info", "").rpartition("-")
                if entry.endswith(".dist-info") and folded(found) == folded(name):
                    return said
        raise PackageNotFoundError(name)


def folded(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def parts(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"[.+_-]", text)]


for pin in sys.argv[1:]:
    name, wanted = pin.split("==")
    try:
        found = version(name)
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed; {wanted} was planned")
    comparable = found if "+" in wanted else found.split("+")[0]
    if parts(comparable) != parts(wanted):
        sys.exit(f"{name} is {found}; {wanted} was planned")
    print(f"  {name} {found}")
PYTHON
}

verify_torch() {
  prove "$@" <<'PYTHON'
"""PyTorch must compute, on every GPU where the plan is for GPUs, and get the right answer."""

import os
import sys

import torch

wanted, accelerator, *planned = sys.argv[1:]
SIZE = 256
ones = torch.ones(SIZE, SIZE)


def computes(device):
    there = ones.to(device)
    return float((there @ there).sum()) == SIZE**3


def talks_to_numpy():
    try:
        import numpy
    except ImportError:
        return True  # torch goes without it
    return float(torch.from_numpy(numpy.ones(SIZE, "float32")).numpy().sum()) == SIZE


def served(index):
    major, minor = torch.cuda.get_device_capability(index)
    for arch in torch.cuda.get_arch_list():
        kind, _, number = arch.partition("_")
        plain = number.rstrip("af")
        has = (int(plain[:-1]), int(plain[-1]))
        carries_forward = plain == number
        if has == (major, minor):
            return True
        if kind == "sm" and carries_forward and has[0] == major and has[1] < minor:
            return True
        if kind == "compute" and carries_forward and has < (major, minor):
            return True
    return False


if torch.__version__.split("+")[0] != wanted.split("+")[0]:
    sys.exit(f"torch is {torch.__version__}; {wanted} was planned")
if not talks_to_numpy():
    sys.exit("torch and numpy do not hand numbers over rightly")
if accelerator == "cpu":
    if not computes("cpu"):
        sys.exit("torch computes wrongly on the CPU")
    print(f"  torch {torch.__version__} computes on the CPU")
    sys.exit()

gpus, cuda = int(planned[0]), planned[1]
if torch.version.cuda is None:
    sys.exit("this torch is a build for the CPU; the plan is for GPUs")
if cuda and torch.version.cuda.split(".")[:2] != cuda.split(".")[:2]:
    sys.exit(f"torch is built for CUDA {torch.version.cuda}; {cuda} was planned")
driver = "/proc/driver/nvidia/gpus"
everything = os.path.isdir(driver) and "CUDA_VISIBLE_DEVICES" not in os.environ
here = max(gpus, len(os.listdir(driver)) if everything else 0)
seen = torch.cuda.device_count()
if seen < here:
    sys.exit(f"torch sees {seen} of {here} GPUs")
for index in range(seen):
    name = torch.cuda.get_device_name(index)
    if not served(index):
        sys.exit(f"torch holds no code for GPU {index}, {name}: {torch.cuda.get_arch_list()}")
    if not computes(f"cuda:{index}"):
        sys.exit(f"torch computes wrongly on GPU {index}, {name}")
    print(f"  torch {torch.__version__}, CUDA {torch.version.cuda}, computes on GPU {index}: {name}")
PYTHON
}


# --- The steps: how each is seen to be done, and how it is done ---------------------------------

check_system() {
  system_packages_present python3 python3-venv ca-certificates
}
do_system() {
  system_packages_install python3 python3-venv ca-certificates
}

check_driver() {
  driver_fits 440.33 470
}
do_driver() {
  driver_install nvidia-driver-470 470 440.33 restricted
}

check_uv() {
  uv_present 0.13.8
}
do_uv() {
  uv_install 0.13.8 sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984
}

check_environment() {
  environment_present 3.10
}
do_environment() {
  environment_make 3.10 /usr/bin/python3
}

check_packages() {
  packages_installed
}
do_packages() {
  packages_install -- torch==1.12.1 'numpy<2'
}

check_verification() {
  verified_now
}
do_verification() {
  verify_versions torch==1.12.1
  verify_torch 1.12.1 cuda 1 10.2
  verification_passed
}

finish() {
  local passed=''
  if [[ -r $environment/.dlsetup/verified ]]; then passed=$(<"$environment/.dlsetup/verified"); fi
  [[ $finished == "$TOTAL" ]] || stop "only $finished of $TOTAL steps ran: this script was changed"
  [[ $passed == "$PLAN" ]] || stop 'the verification did not run: nothing is proved, nothing is ready'
  printf '\nready: %s in %s\n' 'torch 1.12.1' "$environment"
  printf 'use it: %q\n' "$environment/bin/python"
}

main() {
  read_options "$@"
  drop_settings
  prepare_folders torch
  guard_system
  guard_environment
  step 1 system 'System packages: python3, python3-venv, ca-certificates'
  step 2 driver 'NVIDIA driver: nvidia-driver-470 unless one that fits runs'
  step 3 uv 'uv 0.13.8, the installer, in a folder of its own'
  step 4 environment 'An environment with Python 3.10'
  step 5 packages 'Python packages: torch 1.12.1'
  step 6 verification Verification
  finish
}

main "$@"

# Use it: "${DLSETUP_ENV:-$HOME/dlsetup/torch}/bin/python"
