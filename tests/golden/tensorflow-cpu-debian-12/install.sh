#!/usr/bin/env bash
# An installer for tensorflow-cpu 2.21.0
#
# Made by dlsetup for this machine:
#   Debian 12, x86_64
#   GPU: none
#
# What it installs:
#   tensorflow-cpu 2.21.0 (measured)
#   Python 3.11
#
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. uv 0.13.8, the installer, in a folder of its own
#   3. An environment with Python 3.11
#   4. Python packages: tensorflow-cpu 2.21.0
#   5. Verification
# Where it writes, but for what apt does:
#   ~/dlsetup/tensorflow-cpu  the environment
#   ~/.local/share/dlsetup    uv
#   ~/.cache/uv               uv's cache
#   DLSETUP_ENV, XDG_DATA_HOME, XDG_CACHE_HOME and UV_CACHE_DIR move what is below ~.
# It removes nothing.
#
# How to run it:
#   bash install.sh          asks before the first step that needs root, naming all such steps
#   bash install.sh --yes    asks nothing
#   DLSETUP_ENV=/some/folder bash install.sh    puts the environment elsewhere
# As root it asks nothing. Without root and without a terminal it stops where it would ask; sudo
# may ask for a password of its own.
# It may be run again at any time: what is done is left alone.
# It ends with 0: ready. 1: stopped, and says why. 2: unknown option. 10: reboot, then run it
# again. 130: interrupted; run it again.

set -euo pipefail
export LC_ALL=C.UTF-8

PLANNED_OS=debian
PLANNED_VERSION=12
PLANNED_ARCH=x86_64
PLANNED_WSL=no
# Changes when anything in the steps below changes, so that no old environment passes for this one.
PLAN=9aaea0bd4ae4823b
TOTAL=5
# What the environment holds; one that holds anything else is never written over.
HOLDS='Python 3.11: tensorflow-cpu==2.21.0'
ROOT_STEPS=(
  'System packages: python3, python3-venv, ca-certificates'
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

verify_tensorflow() {
  prove "$@" <<'PYTHON'
"""TensorFlow must compute, on every GPU where the plan is for GPUs, and get the right answer."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

wanted, accelerator, *planned = sys.argv[1:]
SIZE = 256
TOTAL = SIZE**3
eager = getattr(tf, "executing_eagerly", bool)()


def computes(device):
    with tf.device(device):
        ones = tf.ones((SIZE, SIZE))
        product = tf.matmul(ones, ones)
        total = tf.reduce_sum(product)
    if eager:
        return device.strip("/") in product.device and float(total) == product.numpy().sum() == TOTAL
    with tf.Session() as session:  # before 2.0; it never computes elsewhere than it was told to
        in_numpy, total = session.run([product, total])
    return float(total) == in_numpy.sum() == TOTAL


def gpus():
    config = getattr(tf, "config", None)
    listed = getattr(config, "list_physical_devices", None)
    listed = listed or getattr(getattr(config, "experimental", None), "list_physical_devices", None)
    if listed:
        return listed("GPU")
    from tensorflow.python.client import device_lib

    return [device for device in device_lib.list_local_devices() if device.device_type == "GPU"]


if tf.__version__.split("+")[0] != wanted.split("+")[0]:
    sys.exit(f"tensorflow is {tf.__version__}; {wanted} was planned")
if accelerator == "cpu":
    if not computes("/CPU:0"):
        sys.exit("tensorflow computes wrongly on the CPU")
    print(f"  tensorflow {tf.__version__} computes on the CPU")
    sys.exit()

if not tf.test.is_built_with_cuda():
    sys.exit("this tensorflow is a build for the CPU; the plan is for GPUs")
devices = gpus()
driver = "/proc/driver/nvidia/gpus"
everything = os.path.isdir(driver) and "CUDA_VISIBLE_DEVICES" not in os.environ
here = max(int(planned[0]), len(os.listdir(driver)) if everything else 0)
if len(devices) < here:
    sys.exit(f"tensorflow sees {len(devices)} of {here} GPUs: it would silently use the CPU")
for index in range(len(devices)):
    if not computes(f"/GPU:{index}"):
        sys.exit(f"tensorflow does not compute on GPU {index}, or computes wrongly there")
    print(f"  tensorflow {tf.__version__} computes on GPU {index}")
PYTHON
}


# --- The steps: how each is seen to be done, and how it is done ---------------------------------

check_system() {
  system_packages_present python3 python3-venv ca-certificates
}
do_system() {
  system_packages_install python3 python3-venv ca-certificates
}

check_uv() {
  uv_present 0.13.8
}
do_uv() {
  uv_install 0.13.8 sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984
}

check_environment() {
  environment_present 3.11
}
do_environment() {
  environment_make 3.11 /usr/bin/python3
}

check_packages() {
  packages_installed
}
do_packages() {
  packages_install -- tensorflow-cpu==2.21.0
}

check_verification() {
  verified_now
}
do_verification() {
  verify_versions tensorflow-cpu==2.21.0
  verify_tensorflow 2.21.0 cpu
  verification_passed
}

finish() {
  local passed=''
  if [[ -r $environment/.dlsetup/verified ]]; then passed=$(<"$environment/.dlsetup/verified"); fi
  [[ $finished == "$TOTAL" ]] || stop "only $finished of $TOTAL steps ran: this script was changed"
  [[ $passed == "$PLAN" ]] || stop 'the verification did not run: nothing is proved, nothing is ready'
  printf '\nready: %s in %s\n' 'tensorflow-cpu 2.21.0' "$environment"
  printf 'use it: %q\n' "$environment/bin/python"
}

main() {
  read_options "$@"
  drop_settings
  prepare_folders tensorflow-cpu
  guard_system
  guard_environment
  step 1 system 'System packages: python3, python3-venv, ca-certificates'
  step 2 uv 'uv 0.13.8, the installer, in a folder of its own'
  step 3 environment 'An environment with Python 3.11'
  step 4 packages 'Python packages: tensorflow-cpu 2.21.0'
  step 5 verification Verification
  finish
}

main "$@"

# Use it: "${DLSETUP_ENV:-$HOME/dlsetup/tensorflow-cpu}/bin/python"
