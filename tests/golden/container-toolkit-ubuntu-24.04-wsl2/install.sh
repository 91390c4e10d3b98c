#!/usr/bin/env bash
# Installs nvidia-container-toolkit on the machine itself, with the driver under it.
# Made by dlsetup for this machine:
#   Ubuntu 24.04 on WSL2, x86_64
#   GPU: NVIDIA GeForce RTX 4090 (8.9)
#   NVIDIA driver: none known, at least 527.41 is needed
# What it changes, in this order:
#   1. The driver of Windows
#   2. NVIDIA Container Toolkit 1.20.1 (as root)
#   3. Docker and CDI know the GPUs (as root)
# It writes, but for what apt does, to ~/dlsetup/nvidia-container-toolkit, /etc/apt/sources.list.d, /etc/apt/keyrings, /etc/docker/daemon.json, /etc/cdi.
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0 when ready, 1 when stopped, 2 for an unknown option, 130 when interrupted.

set -euo pipefail
export LC_ALL=C.UTF-8
environment=$(realpath -ms "${DLSETUP_ENV:-${HOME:?}/dlsetup/nvidia-container-toolkit}")
made=$environment/.dlsetup # notes of what this script did
HOLDS='notes on nvidia-container-toolkit'
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
step() { current="step $1 ($2)" && echo "[$1/3] $2 …"; }

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
grep -qis microsoft /proc/sys/kernel/osrelease || stop 'made for WSL2, and this is another machine'
PATH=$PATH:/usr/lib/wsl/lib # where Windows puts nvidia-smi, and sudo does not look
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

# containers_forget: what this script told Docker; for CDI the packages see to it themselves.
containers_forget() {
  [[ -e $made/docker.json ]] || return 0
  docker_settings forget "$made/docker.json"
  restart_docker
}
restart_docker() {
  if [[ -d /run/systemd/system ]]; then as_root systemctl restart docker; else
    as_root service docker restart
  fi
}

# docker_settings check|keep|forget BEFORE: systemd, told to read its units again, takes the GPUs
# from containers whose control groups it manages (NVML: "Unknown Error"): Docker shall manage them.
docker_settings() {
  local as=()
  [[ $1 == check ]] || as=(as_root)
  "${as[@]}" python3 - "$@" <<'PYTHON'
import json, os, sys

PATH = "/etc/docker/daemon.json"
CGROUPS = "native.cgroupdriver="


def read(path):
    try:
        text = open(path).read() if os.path.exists(path) else ""
        return json.loads(text) if text.strip() else {}
    except (OSError, ValueError) as error:
        sys.exit("%s cannot be read: %s" % (path, error))


task, settings = sys.argv[1], read(PATH)
chosen = [word for word in settings.get("exec-opts", []) if word.startswith(CGROUPS)]
if task == "check":
    sys.exit(not (chosen and "nvidia" in settings.get("runtimes", {})))
if task == "keep" and not chosen:
    settings["exec-opts"] = settings.get("exec-opts", []) + [CGROUPS + "cgroupfs"]
elif task == "keep" and chosen == [CGROUPS + "systemd"]:
    print("  note: Docker leaves control groups to systemd, as somebody chose. Start containers")
    print("  with --device nvidia.com/gpu=all instead of --gpus: those keep their GPUs.")
elif task == "forget":
    before = read(sys.argv[2])
    for table, name in (("runtimes", "nvidia"), ("features", "cdi")):
        if name not in before.get(table, {}):
            settings.get(table, {}).pop(name, None)
    if CGROUPS + "cgroupfs" not in before.get("exec-opts", []):
        ours = [word for word in chosen if word == CGROUPS + "cgroupfs"]
        settings["exec-opts"] = [w for w in settings.get("exec-opts", []) if w not in ours]
    settings = {name: value for name, value in settings.items() if value or name in before}
with open(PATH + ".new", "w") as file:
    json.dump(settings, file, indent=4)
os.replace(PATH + ".new", PATH)
if not settings:
    os.remove(PATH)
PYTHON
}
if [[ $uninstalls == yes ]]; then
  [[ -d $made ]] || leave 0 "nothing of this script is in $environment"
  read -ra added <<<"$(grep -v ^/ "$made/added" 2>/dev/null | xargs)"
  read -ra files <<<"$(grep ^/ "$made/added" 2>/dev/null | xargs)"
  confirm "This removes $environment, and of the system: ${added[*]:-nothing} ${files[*]}"
  as_root true # where root is not given, all stays
  containers_forget
  ((${#added[@]} == 0)) || system_packages_remove "${added[@]}"
  left=$(packages_left "${added[@]:-none}" | xargs) || true
  ((${#files[@]} == 0)) || as_root rm -f "${files[@]}"
  rm -rf "$made"/[!ah]* "${environment:?}"/{*,.[!d]*} # its notes go last, and stay with what stays
  [[ -z $left ]] || stop "still installed: $left" "dpkg says above why. Put that right," \
    "and run this again; or let them stay, and remove this script's notes of them: $made"
  rm -rf "${environment:?}"
  leave 0 "removed: $environment"
fi
{ # bash reads all of this before it does any of it
# running_driver: its version; nothing where none runs.
running_driver() {
  timeout 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | sed q
}
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }
# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_fits() { reaches "$(running_driver)" "$1" && ! driver_torn; }

step 1 'The driver of Windows'
if ! driver_fits 527.41; then
  stop "Windows' NVIDIA driver 527.41 or later is needed; this machine runs: $(running_driver)" \
    'update it in Windows, then: wsl --shutdown' 'no driver is ever installed inside WSL2'
fi

apt_get() { unattended apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }
# apt_refresh: what was cut off comes to its end first. "check" waits for another program; dpkg does not.
apt_refresh() {
  apt_get check || unattended dpkg --configure -a || true
  apt_get -o APT::Update::Error-Mode=any update && apt_get --fix-broken --no-remove install
}
apt_new() { sed -n 's/^Inst \([^ ]*\) (.*/\1/p'; }

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# candidate_version PACKAGE: what apt would install; nothing when it knows none.
candidate_version() {
  apt-cache policy "$1" | sed -n '/(none)/d; s/^ *Candidate: *//p'
}

system_packages_missing() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>&1 | awk '!/^.i/ {print $NF}'; }
system_packages_install() {
  local missing
  read -ra missing <<<"$(system_packages_missing "$@" | xargs)"
  ask_root "install with apt: ${missing[*]}"
  apt_refresh
  apt-get -s install --no-install-recommends "${missing[@]}" | apt_new | remember
  apt_get install --no-remove --no-install-recommends "${missing[@]}"
}

# container_toolkit_fits VERSION PACKAGE: the others of it are bound to the version of that one.
container_toolkit_fits() {
  [[ -n $(installed_version "$2") ]] && reaches "$(installed_version "$2")" "$1"
}

# repository_add NAME ADDRESS KEY FINGERPRINT PACKAGE: apt trusts it by this one key and no other.
# A source that already names ADDRESS is used as it is: apt refuses two that trust one address by
# different keys.
repository_add() {
  local list=/etc/apt/sources.list.d/dlsetup-$1.list ring=/etc/apt/keyrings/dlsetup-$1.asc added=()
  if [[ -e $list && ! -s $ring ]] || ! repository_named "$2"; then
    added=("$list" "$ring")
    repository_trust "$list" "$ring" "$@"
  fi
  if ! apt_refresh; then
    as_root rm -f "${added[@]}"
    stop "apt could not refresh its lists with the repository $1" "its own words are above"
  fi
  if [[ -z $(candidate_version "$5") ]]; then
    as_root rm -f "${added[@]}"
    stop "apt knows no $5" "it should stand in $2"
  fi
}

# repository_named ADDRESS: whether a source of apt names it, by apt's own reading of them.
repository_named() {
  local files
  files=$(as_root apt-get update --print-uris) || stop 'apt cannot read its own sources, see above'
  [[ $files == *"'${1%/}/InRelease'"* ]]
}

repository_trust() {
  local list=$1 ring=$2 name=$3 address=$4 key=$5 fingerprint=$6 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    # They fetch the key of the repository, and check it.
    system_packages_install ca-certificates curl gpg
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
  printf '%s\n' "$list" "$ring" | remember
  as_root install -D -m 644 "$folder/key.asc" "$ring"
  as_root install -D -m 644 "$folder/list" "$list"
  rm -rf "$folder"
}

step 2 'NVIDIA Container Toolkit 1.20.1'
if ! container_toolkit_fits 1.20.1-1 nvidia-container-toolkit; then
  ask_root 'install the NVIDIA Container Toolkit 1.20.1-1 with apt, from its own repository'
  repository_add \
      nvidia-container-toolkit \
      https://nvidia.github.io/libnvidia-container/stable/deb/amd64/ \
      https://nvidia.github.io/libnvidia-container/gpgkey \
      C95B321B61E88C1809C4F759DDCAE044F796ECB0 \
      nvidia-container-toolkit
  # All in one version, since they work together in no other way.
  packages=(
    nvidia-container-toolkit=1.20.1-1
    nvidia-container-toolkit-base=1.20.1-1
    libnvidia-container-tools=1.20.1-1
    libnvidia-container1=1.20.1-1
  )
  command -v python3 >/dev/null || packages+=(python3)
  apt-get -s install --no-install-recommends "${packages[@]}" | apt_new | remember
  apt_get install --no-install-recommends "${packages[@]}"
fi

# containers_see_gpus: Docker, where it is, and CDI, which Podman and others read.
containers_see_gpus() {
  { ! own_docker || { docker_settings check && [[ ! -e $made/docker.restart ]]; }; } &&
    [[ $(nvidia-ctk cdi list 2>/dev/null) == *nvidia.com/gpu=all* ]]
}

containers_configure() {
  ask_root 'tell Docker and CDI of the GPUs, and restart Docker, which ends its containers'
  if own_docker && { ! docker_settings check || [[ -e $made/docker.restart ]]; }; then
    mkdir -p "$made" && touch "$made/docker.restart" # until Docker has read it
    [[ -e $made/docker.json ]] || cat /etc/docker/daemon.json >"$made/docker.json" 2>/dev/null || true
    as_root nvidia-ctk runtime configure --runtime=docker --cdi.enabled
    docker_settings keep
    restart_docker
    rm "$made/docker.restart"
  fi
  if ! as_root systemctl restart nvidia-cdi-refresh.service 2>/dev/null; then
    [[ -e /etc/cdi/nvidia.yaml ]] || echo /etc/cdi/nvidia.yaml | remember
    as_root nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
  fi
}

# own_docker: whether Docker's daemon is this system's; Docker Desktop's has its own toolkit.
own_docker() {
  command -v docker >/dev/null && [[ $(docker info 2>/dev/null) != *'Docker Desktop'* ]]
}

step 3 'Docker and CDI know the GPUs'
if ! containers_see_gpus; then
  containers_configure
fi
trap - EXIT
echo 'ready: nvidia-container-toolkit'
}
