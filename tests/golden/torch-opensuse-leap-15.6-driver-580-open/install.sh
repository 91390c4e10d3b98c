#!/usr/bin/env bash
# Installs torch 2.14.1, and proves that it works.
# Made by dlsetup for this machine:
#   Opensuse-Leap 15.6, x86_64
#   GPU: NVIDIA GeForce RTX 4090 (8.9)
#   NVIDIA driver: none known, at least 525.60.13 is needed
# What it installs:
#   torch 2.14.1, CUDA 12.6, cuDNN 9.10.2.21 (announced)
#   Python 3.12
# What it changes, in this order:
#   1. System packages: python311 (as root)
#   2. NVIDIA driver: nvidia-open-driver-G06 unless one that fits runs (as root)
#   3. uv 0.13.8, the installer, in a folder of its own
#   4. Python 3.12, beside the system's own
#   5. An environment with Python 3.12
#   6. Python packages: torch 2.14.1
#   7. Verification
# It writes, but for what zypper does, to ~/dlsetup/torch, ~/.cache/uv, /etc/zypp/repos.d, rpm's database.
# It may replace an older NVIDIA driver; if zypper would remove anything else, it stops before.
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
HOLDS='Python 3.12: torch==2.14.1'
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
# Minor releases are one system: 9.6 is a 9.
[[ $here == 'opensuse-leap 15.6'?(.*)' 'x86_64 ]] ||
  stop "made for opensuse-leap 15.6 x86_64, and this is $here"
! grep -qis microsoft /proc/sys/kernel/osrelease || stop 'made for a machine without WSL2'
held=$(cat "$made/holds" 2>/dev/null) || held=''
[[ ${held:-$HOLDS} == "$HOLDS" && (-d $made || -z $(ls -A "$environment" 2>/dev/null)) ]] ||
  stop "$environment holds something else: ${held:-files that this script did not make}" \
    'move it away, or name another folder with DLSETUP_ENV'
export UV_PYTHON_INSTALL_DIR=$made/python
cd / # away from project files that could change what is installed

# What this script adds to the system is noted. rpm takes it back, but for what others need.
remember() { mkdir -p "$made" && cat >>"$made/added"; }
packages_left() {
  { rpm -q --queryformat '%{NAME}\n' "$@" || true; } | sed '/is not installed$/d' | sort -u
}
# system_packages_remove PACKAGE…: these alone; rpm removes none of them if anything else needs one.
system_packages_remove() {
  local here
  read -ra here <<<"$(packages_left "$@" | xargs)"
  ((${#here[@]} == 0)) || as_root rpm --erase "${here[@]}" || true
}

# key_forget: those that this script let rpm trust.
key_forget() {
  local key keys
  read -ra keys <<<"$(sort -u "$made/keys" 2>/dev/null | xargs)"
  for key in "${keys[@]}"; do
    as_root rpmkeys --delete "$key" 2>/dev/null ||
      as_root rpm --erase "gpg-pubkey-$(tail -c 9 <<<"${key,,}")"
  done
  rm -f "$made/keys"
}
if [[ $uninstalls == yes ]]; then
  [[ -d $made ]] || leave 0 "nothing of this script is in $environment"
  read -ra added <<<"$(grep -v ^/ "$made/added" 2>/dev/null | xargs)"
  read -ra files <<<"$(grep ^/ "$made/added" 2>/dev/null | xargs)"
  confirm "This removes $environment, and of the system: ${added[*]:-nothing} ${files[*]}"
  as_root true # where root is not given, all stays
  ((${#added[@]} == 0)) || system_packages_remove "${added[@]}"
  left=$(packages_left "${added[@]:-none}" | xargs) || true
  ((${#files[@]} == 0)) || as_root rm -f "${files[@]}"
  key_forget
  rm -rf "$made"/[!ah]* "${environment:?}"/{*,.[!d]*} # its notes go last, and stay with what stays
  [[ -z $left ]] || stop "still installed: $left" "rpm says above why. Put that right," \
    "and run this again; or let them stay, and remove this script's notes of them: $made"
  rm -rf "${environment:?}"
  leave 0 "removed: $environment" "what uv downloaded stays in its cache, which others share: ~/.cache/uv"
fi
{ # bash reads all of this before it does any of it
system_packages_present() { rpm -q --quiet "$@"; }
system_packages_install() {
  ask_root "install with zypper: $*"
  packages_get "$@"
}

# packages_get PACKAGE…: what comes new is noted before it comes, for --uninstall.
packages_get() {
  packages_new "$@" | remember
  zypper_root install --no-recommends --auto-agree-with-licenses "$@"
}

# zypper_root WORD…: sudo drops what leads to a proxy.
zypper_root() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" no_proxy="${no_proxy-${NO_PROXY-}}" \
    https_proxy="${https_proxy-${HTTPS_PROXY-}}" ZYPP_LOCK_TIMEOUT=300 zypper --non-interactive "$@"
}
packages_new() {
  { zypper_root --xmlout install --no-recommends --auto-agree-with-licenses --dry-run "$@" || true; } |
    sed -n '/<to-install>/,/<\/to-install>/s/.*<solvable .*name="\([^"]*\)".*/\1/p'
}

step 1 'System packages: python311'
if ! system_packages_present python311; then
  system_packages_install python311
fi

reboot_first() { leave 10 "$1" 'Reboot this machine, then run this script again: it goes on.'; }

# installed_version PACKAGE: nothing when it is not installed.
installed_version() {
  { rpm -q --queryformat '%{VERSION}-%{RELEASE}\n' "$1" || true; } | sed '/is not installed$/d'
}

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() {
  (($(rpm -q --queryformat '%{INSTALLTIME}' "$1") >= $(awk '/^btime/ {print $2}' /proc/stat)))
}
repository_read() { zypper_root refresh "$1"; }

# candidate_version PACKAGE [START]: the newest that zypper knows, of those that start like this.
candidate_version() {
  { zypper_root --xmlout search --details --match-exact --type package "$1" || true; } |
    sed -n "s/.* edition=\"\(${2-}[^\"]*\)\".*/\1/p" | sort -V | tail -n 1
}

# driver_packages PACKAGE VERSION: sets the packages that make up this driver, its kernel's part too.
driver_packages() {
  local kernel
  kernel=$(uname -r)
  packages=("$1=$2" "nvidia-compute-utils-${1##*-}=${2%-*}")
  headers=$(candidate_version "kernel-${kernel##*-}-devel" "${kernel%-*}")
  headers=kernel-${kernel##*-}-devel${headers:+=$headers}
}

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

# repository_add NAME ADDRESS KEY FINGERPRINT PACKAGE: packages are taken only if they are signed, and
# its key is trusted only if it is the planned one. One that zypper has already is used as it is.
repository_add() {
  local file=/etc/zypp/repos.d/dlsetup-$1.repo
  if ! grep -qs "^baseurl *= *${2%/}/*\$" /etc/zypp/repos.d/*.repo; then
    repository_trust "$file" "$@"
    if ! repository_read "dlsetup-$1"; then
      as_root rm -f "$file"
      stop "zypper could not read the repository $1" 'its own words are above'
    fi
  fi
}

repository_trust() {
  local file=$1 name=$2 address=$3 key=$4 fingerprint=$5 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    # They fetch the key of the repository, and check it.
    packages_get curl gpg2
  fi
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --proto '=https' --output "$folder/key.asc" "$key" ||
    stop "the key of the repository $name could not be fetched from $key"
  keys=$(gpg --homedir "$folder" --batch --with-colons --show-keys "$folder/key.asc" |
    awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')
  [[ $keys == "$fingerprint" ]] || stop "the key of the repository $name is not the planned one" \
    "planned $fingerprint, found ${keys:-none}"
  printf '%s\n' "[dlsetup-$name]" "name=$name, added by dlsetup" "baseurl=$address" \
    enabled=1 gpgcheck=1 >"$folder/repo"
  echo "$file" | remember
  if ! rpm -qa 'gpg-pubkey*' | grep -qi "${fingerprint: -8}"; then
    echo "$fingerprint" >>"$made/keys"
    as_root rpm --import "$folder/key.asc"
  fi
  as_root install -D -m 644 "$folder/repo" "$file"
  rm -rf "$folder"
}

step 2 'NVIDIA driver: nvidia-open-driver-G06 unless one that fits runs'
if ! driver_fits 525.60.13; then
  package=nvidia-open-driver-G06
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor ||
    stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  if driver_torn && changed_since_boot /usr/lib{,64}/{,*/}libnvidia-ml.so.1; then
    reboot_first 'The driver that runs and its libraries are of two versions.'
  fi
  ! driver_torn || stop 'the driver that runs and its libraries are of two versions' \
    "a reboot did not help: two drivers are installed, see rpm -qa '*nvidia*'"
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
  ask_root "add the repository nvidia and install $package with zypper, in place of an older driver"
  repository_add \
      nvidia \
      https://developer.download.nvidia.com/compute/cuda/repos/opensuse15/x86_64/ \
      https://developer.download.nvidia.com/compute/cuda/repos/opensuse15/x86_64/D42D0685.pub \
      610C7B14E068A878070DA4E99CD0A493D42D0685 \
      nvidia-open-driver-G06
  version=$(candidate_version "$package" '580\.')
  [[ -n $version ]] || stop "zypper knows no $package of branch 580"
  reaches "$version" 525.60.13 ||
    stop "zypper has driver $version, and at least 525.60.13 is needed"
  driver_packages "$package" "$version"
  if [[ -n $(packages_new "$headers") ]] || rpm -q --quiet "$headers"; then
    packages+=("$headers")
  else
    echo "  note: zypper has no $headers: dkms cannot build the module for this kernel."
  fi
  packages_get "${packages[@]}"
  version=${version%-*}
  parts='' # dkms builds the module, and signs it with this machine's own key
  [[ ! -d /sys/module/nouveau ]] ||
    echo '  note: nouveau drives the GPU now; the package shuts it out from the next start on.'
  [[ $parts == linux-modules-* ]] || enrolment
  reboot_first "The driver $version is installed."
fi

step 3 'uv 0.13.8, the installer, in a folder of its own'
if ! [[ $("$uv" --version 2>/dev/null) == 'uv 0.13.8'* ]]; then
  mkdir -p "$made" && echo "$HOLDS" >"$made/holds"
  /usr/bin/python3.11 -m venv --clear "$made/uv"
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
  "$uv" venv --quiet --allow-existing --managed-python --no-python-downloads \
    --python 3.12 "$environment"
fi

step 6 'Python packages: torch 2.14.1'
if ! [[ -e $made/installed ]]; then
  mkdir "$made/began" 2>/dev/null || anew=yes # an earlier run was cut short
  "$uv" pip install --python "$environment/bin/python" ${anew:+--reinstall} \
    -- torch==2.14.1
  touch "$made/installed"
fi

step 7 Verification
env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES "$environment/bin/python" -I - <<'PYTHON' # on all GPUs
import importlib.util
from importlib.metadata import version
import torch
for name, planned in {"torch": "2.14.1"}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")
if importlib.util.find_spec("numpy"): torch.ones(1).numpy()  # fails where they do not fit
cuda, seen = str(torch.version.cuda), torch.cuda.device_count()
assert cuda.startswith("12.6"), f"torch is built for CUDA {cuda}; 12.6 was planned"
assert seen >= 1, f"torch sees {seen} of 1 GPUs: it would silently use the CPU"
for index in range(seen):
    ones = torch.ones(256, 256, device=f"cuda:{index}")
    assert float((ones @ ones).sum()) == 256**3, f"torch computes wrongly on GPU {index}"
    print(f"  torch {torch.__version__} computes on {torch.cuda.get_device_name(index)}, {index}")
PYTHON
trap - EXIT
printf '\nready: %s\nuse it: %q\n' 'torch 2.14.1' "$environment/bin/python"
} # use it: "${DLSETUP_ENV:-$HOME/dlsetup/torch}/bin/python"
