#!/usr/bin/env bash
# Installs nvcc 13.4.92, nvidia-cuda-cccl 13.3.4.3.1, nvidia-cuda-runtime 13.4.92, nvidia-cuda-crt 13.4.92, nvidia-nvvm 13.4.92, and proves that it works.
# Made by dlsetup for this machine:
#   Debian 12, x86_64
#   GPU: none
# What it installs:
#   nvcc 13.4.92, CUDA 13.4 (measured)
#   nvidia-cuda-cccl 13.3.4.3.1 (measured)
#   nvidia-cuda-runtime 13.4.92 (measured)
#   nvidia-cuda-crt 13.4.92 (measured)
#   nvidia-nvvm 13.4.92 (measured)
#   Python 3.11
# What it changes, in this order:
#   1. System packages: python3, python3-venv, ca-certificates (as root)
#   2. C++ compiler for nvcc: g++-11, of gcc 11 or older (as root)
#   3. uv 0.13.8, the installer, in a folder of its own
#   4. An environment with Python 3.11
#   5. Python packages: nvcc 13.4.92, nvidia-cuda-cccl 13.3.4.3.1, nvidia-cuda-runtime 13.4.92, nvidia-cuda-crt 13.4.92, nvidia-nvvm 13.4.92
#   6. nvcc in the environment, and what linkers look for
#   7. Verification
# It writes, but for what apt does, to ~/dlsetup/nvcc, ~/.cache/uv.
#
# Usage: [DLSETUP_ENV=/some/other/folder] bash install.sh [--yes] [--uninstall] [--help]
#   It asks before it takes root; as root, or with --yes, it asks nothing. What is done is left alone.
#   --uninstall takes back what it installed, and nothing that was there before.
# It ends with 0 when ready, 1 when stopped, 2 for an unknown option, 130 when interrupted.

set -euo pipefail
export LC_ALL=C.UTF-8
environment=$(realpath -ms "${DLSETUP_ENV:-${HOME:?}/dlsetup/nvcc}")
made=$environment/.dlsetup # what this script makes for itself: its uv, and notes of what it did
uv=$made/uv/bin/uv
HOLDS='Python 3.11: nvidia-cuda-nvcc==13.4.92 nvidia-cuda-cccl==13.3.4.3.1 nvidia-cuda-runtime==13.4.92 nvidia-cuda-crt==13.4.92 nvidia-nvvm==13.4.92'
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
[[ $here == 'debian 12 x86_64' ]] || stop "made for debian 12 x86_64, and this is $here"
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

step 2 'C++ compiler for nvcc: g++-11, of gcc 11 or older'
if ! { found=$(g++-11 -dumpversion 2>/dev/null) && ((${found%%.*} <= 11)); }; then
  system_packages_install g++-11
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

step 4 'An environment with Python 3.11'
if ! [[ $("$environment/bin/python" -I -V 2>/dev/null) == 'Python 3.11.'* ]]; then
  "$uv" venv --quiet --allow-existing --no-managed-python --no-python-downloads \
    --python /usr/bin/python3 "$environment"
fi

step 5 'Python packages: nvcc 13.4.92, nvidia-cuda-cccl 13.3.4.3.1, nvidia-cuda-runtime 13.4.92, nvidia-cuda-crt 13.4.92, nvidia-nvvm 13.4.92'
if ! [[ -e $made/installed ]]; then
  mkdir "$made/began" 2>/dev/null || anew=yes # an earlier run was cut short
  "$uv" pip install --python "$environment/bin/python" ${anew:+--reinstall} \
    -- \
      nvidia-cuda-nvcc==13.4.92 \
      nvidia-cuda-cccl==13.3.4.3.1 \
      nvidia-cuda-runtime==13.4.92 \
      nvidia-cuda-crt==13.4.92 \
      nvidia-nvvm==13.4.92
  touch "$made/installed"
fi

# toolkit_links HOST_COMPILER: wheels put CUDA below site-packages and leave out what linkers look
# for. Then "cuda" is CUDA's folder, bin/nvcc runs, and cuda.sh is for a shell to read.
toolkit_links() {
  local root library name
  for root in "$environment"/lib/python*/site-packages/nvidia/*/bin/nvcc; do :; done
  [[ -x $root ]]
  root=${root%/bin/nvcc}
  ln -sfn "${root#"$environment"/}" "$environment/cuda"
  ln -sfn lib "$root/lib64"
  for library in "$root"/lib/*.so.*; do
    name=${library##*/}
    [[ -e $root/lib/${name%%.so.*}.so ]] || ln -sf "$name" "$root/lib/${name%%.so.*}.so"
  done
  # A link would not do: nvcc looks for what belongs to it beside the name that it is called by.
  cat >"$environment/bin/nvcc" <<NVCC
#!/bin/sh
NVCC_CCBIN=\${NVCC_CCBIN:-$(printf '%q' "$1")}
export NVCC_CCBIN
exec "\$(dirname "\$(readlink -f "\$0")")/../cuda/bin/nvcc" "\$@"
NVCC
  cat >"$environment/cuda.sh" <<SHELL
# For bash and zsh to read: . $(printf '%q' "$environment/cuda.sh")
export CUDA_HOME=$(printf '%q' "$environment/cuda") NVCC_CCBIN=$(printf '%q' "$1")
export PATH=$(printf '%q' "$environment/bin:$environment/cuda/bin"):\$PATH
SHELL
  chmod 755 "$environment/bin/nvcc"
}

step 6 'nvcc in the environment, and what linkers look for'
if ! [[ -e $made/toolkit ]]; then
  toolkit_links g++-11
  touch "$made/toolkit"
fi

step 7 Verification
env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES "$environment/bin/python" -I - <<'PYTHON' # on all GPUs
from importlib.metadata import version
for name, planned in {
    "nvidia-cuda-nvcc": "13.4.92", "nvidia-cuda-cccl": "13.3.4.3.1",
    "nvidia-cuda-runtime": "13.4.92", "nvidia-cuda-crt": "13.4.92", "nvidia-nvvm": "13.4.92",
}.items():
    found = version(name)
    assert planned in (found, found.split("+")[0]), f"{name} is {found}; {planned} was planned"
    print(f"  {name} {found}")

import sys

sys.argv[1:] = ["13.4.92", "g++-11", "0"]
"""nvcc must be the planned one, and make a program for the planned GPUs that runs and is right."""

import os
import subprocess
import sys
import tempfile

PROGRAM = r"""
#include <cstdio>
__global__ void twice(int *number) { *number *= 2; }
int main() {
  int devices = 0, *there = nullptr;
  if (cudaGetDeviceCount(&devices) != cudaSuccess) devices = 0;
  for (int device = 0; device < devices; ++device) {
    int number = 21;
    cudaSetDevice(device);
    cudaMalloc(&there, sizeof number);
    cudaMemcpy(there, &number, sizeof number, cudaMemcpyHostToDevice);
    twice<<<1, 1>>>(there);
    cudaMemcpy(&number, there, sizeof number, cudaMemcpyDeviceToHost);
    if (number == 42) continue;
    std::printf("GPU %d: %s\n", device, cudaGetErrorString(cudaGetLastError()));
    return 1;
  }
  std::printf("%d", devices);
}
"""


def said(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode:
        sys.exit("%s failed: %s" % (os.path.basename(words[0]), text))
    return text


version, compiler, gpus, *targets = sys.argv[1:]
nvcc = os.path.join(sys.prefix, "cuda", "bin", "nvcc")
release = said(nvcc, "--version")
if "V%s\n" % version not in release + "\n":
    sys.exit("nvcc %s was planned, and it says: %s" % (version, release))
code = "-gencode=arch=compute_{0},code=[compute_{0},sm_{0}]"
flags = [code.format(target.partition("_")[2]) for target in targets] or ["-arch=all-major"]
flags += ["-ccbin", compiler, "-Xlinker", "-rpath=" + os.path.join(sys.prefix, "cuda", "lib")]
with tempfile.TemporaryDirectory() as folder:
    source, program = os.path.join(folder, "twice.cu"), os.path.join(folder, "twice")
    with open(source, "w") as text:
        text.write(PROGRAM)
    for runtime in "static", "shared":
        said(nvcc, source, "-o", program, "-cudart", runtime, *flags)
        reached = int(said(program))
        if reached < int(gpus):
            sys.exit("a program that nvcc made reaches fewer than %s GPUs" % gpus)
made = " ".join(targets) or "every major architecture"
made += ", and they compute on %s GPUs" % reached if reached else ""
print("  nvcc %s with %s makes programs for %s" % (version, compiler, made))
PYTHON
trap - EXIT
printf '\nready: %s\nuse it: %q\n' 'nvcc 13.4.92, nvidia-cuda-cccl 13.3.4.3.1, nvidia-cuda-runtime 13.4.92, nvidia-cuda-crt 13.4.92, nvidia-nvvm 13.4.92' \
  "$environment/bin/python"
printf 'for nvcc, CMake and editors: . %q\n' "$environment/cuda.sh"
} # use it: "${DLSETUP_ENV:-$HOME/dlsetup/nvcc}/bin/python"
