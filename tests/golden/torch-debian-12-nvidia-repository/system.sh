#!/usr/bin/env bash
# What torch 2.14.1 needs of the system, and nothing else.
#
# Made by dlsetup for this machine:
#   Debian 12, x86_64
#   GPU: NVIDIA GeForce RTX 4090 (8.9)
#   NVIDIA driver: none known, at least 525.60.13 is needed
#
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates
#   2. NVIDIA driver: nvidia-open unless one that fits runs
# Where it writes, but for what apt does:
#   /etc/apt/sources.list.d   dlsetup-nvidia.list, unless apt has that source
#   /etc/apt/keyrings         dlsetup-nvidia.asc, the key of that repository
# What it may replace: an older NVIDIA driver. apt then removes that one's packages, such as
# nvidia-driver-*, nvidia-dkms-* and libnvidia-*, and says which; if it would remove anything
# else, the container toolkit and CUDA's toolkit among that, the script stops before.
#
# How to run it:
#   bash system.sh          asks before the first step that needs root, naming all such steps
#   bash system.sh --yes    asks nothing
# As root it asks nothing. Without root and without a terminal it stops where it would ask; sudo
# may ask for a password of its own.
# It may be run again at any time: what is done is left alone.
# It ends with 0: done. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

PLANNED_OS=debian
PLANNED_VERSION=12
PLANNED_ARCH=x86_64
PLANNED_WSL=no
TOTAL=2
ROOT_STEPS=(
  'System packages: python3, python3-venv, ca-certificates'
  'NVIDIA driver: nvidia-open unless one that fits runs'
)

# --- Running steps -------------------------------------------------------------------------------

assume_yes=no
# The scopes that root was given for, each between blanks.
root_allowed=' '
finished=0
current='before the first step'

usage() {
  cat <<'TEXT'
usage: bash system.sh [--yes] [--help]

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

# repository_add NAME ADDRESS KEY FINGERPRINT PINNING: apt trusts it by this one key and no other,
# and PINNING keeps apt on one driver branch of it. A source that already names ADDRESS is used as
# it is: apt refuses two that trust one address by different keys.
repository_add() {
  local list=/etc/apt/sources.list.d/dlsetup-$1.list ring=/etc/apt/keyrings/dlsetup-$1.asc added=no
  ask_root driver "add the repository $1 ($2), if apt lacks it, and install the driver from it"
  if [[ -e $list && ! -s $ring ]] || ! repository_named "$2"; then
    added=yes
    repository_trust "$list" "$ring" "$@"
  fi
  if ! apt_refreshed; then
    repository_forget "$added" "$list" "$ring"
    stop "apt could not refresh its lists with the repository $1" "its own words are above"
  fi
  if [[ -z $(candidate_version "$5") ]]; then
    repository_forget "$added" "$list" "$ring"
    stop "apt knows no $5, which keeps the driver on its branch" "it should stand in $2"
  fi
  apt_get install "$5" || stop "apt could not install $5, which keeps the driver on its branch"
}

# repository_named ADDRESS: whether a source of apt names it, by apt's own reading of them.
repository_named() {
  local files
  files=$(as_root apt-get update --print-uris) || stop 'apt cannot read its own sources, see above'
  [[ $files == *"'${1%/}/InRelease'"* ]]
}

repository_forget() {
  if [[ $1 == yes ]]; then as_root rm -f "$2" "$3"; fi
}

repository_trust() {
  local list=$1 ring=$2 name=$3 address=$4 key=$5 fingerprint=$6 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    apt_refresh
    apt_get install --no-install-recommends ca-certificates curl gpg ||
      stop 'apt could not install curl and gpg, which check the key of the repository'
  fi
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --proto '=https' --output "$folder/key.asc" "$key" ||
    stop "the key of the repository $name could not be fetched from $key"
  keys=$(gpg --homedir "$folder" --batch --with-colons --show-keys "$folder/key.asc" |
    awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')
  [[ $keys == "$fingerprint" ]] || stop "the key of the repository $name is not the planned one" \
    "planned $fingerprint, found ${keys:-none}"
  # Whatever the umask: apt reads both files as a user of its own.
  printf 'deb [signed-by=%s] %s /\n' "$ring" "$address" >"$folder/list"
  as_root install -D -m 644 "$folder/key.asc" "$ring"
  as_root install -D -m 644 "$folder/list" "$list"
  rm -rf "$folder"
}


# --- The steps: how each is seen to be done, and how it is done ---------------------------------

check_system() {
  system_packages_present python3 python3-venv ca-certificates
}
do_system() {
  system_packages_install python3 python3-venv ca-certificates
}

check_driver() {
  driver_fits 525.60.13
}
do_driver() {
  driver_wanted nvidia-open 580 525.60.13
  repository_add \
    nvidia \
    https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ \
    https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/3bf863cc.pub \
    EB693B3035CD5710E231E123A4B469963BF863CC \
    nvidia-driver-pinning-580
  driver_install nvidia-open 580 525.60.13 main
}

main() {
  read_options "$@"
  drop_settings
  guard_system
  # Nothing of the folder this is started from may change what is done.
  cd /
  step 1 system 'System packages: python3, python3-venv, ca-certificates'
  step 2 driver 'NVIDIA driver: nvidia-open unless one that fits runs'
  [[ $finished == "$TOTAL" ]] || stop "only $finished of $TOTAL steps ran: this script was changed"
}

main "$@"
