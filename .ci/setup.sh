# shellcheck shell=bash
# Read by .ci/test and .ci/run: from a machine with a Python 3.10+ to everything the tests use.
# What it downloads is kept below ~/.cache/dlsetup-ci; on a prepared machine it takes a second.

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/dlsetup-ci"
mkdir -p "$CACHE"

# The tests run real programs. Root on Debian or Ubuntu gets the missing ones; others are told.
system_packages() {
    local missing=() command package
    while read -r command package; do
        command -v "$command" >/dev/null || [[ -x /usr/sbin/$command ]] || missing+=("$package")
    done <<'PROGRAMS'
        buildah      buildah
        busybox      busybox
        curl         curl
        debootstrap  debootstrap
        fish         fish
        gcc          gcc
        git          git
        openssl      openssl
        systemctl    systemd
        systemd-nspawn  systemd-container
        unshare      util-linux
        vagrant      vagrant
        zsh          zsh
PROGRAMS
    [[ -e /usr/include/stdio.h ]] || missing+=(libc6-dev)
    /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || missing+=(ca-certificates)
    ((${#missing[@]})) || return 0
    if ((EUID)) || ! command -v apt-get >/dev/null; then
        echo "tests that need these programs will fail, please install: ${missing[*]}" >&2
        return 0
    fi
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } \
        >"$CACHE/apt.log" 2>&1 || { tail -n 20 "$CACHE/apt.log" >&2; return 1; }
}

# The first Python from 3.10 on that really runs (pyenv's shims may not) and can make environments.
find_python() {
    local python
    for python in python3 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3; do
        "$python" -I -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' \
            2>/dev/null && echo "$python" && return
    done
    echo 'no Python 3.10 or later runs here' >&2
    return 1
}

# uv, of the locked version, at $UV.
install_uv() {
    local lock="$CACHE/uv.txt"
    sed -n '/^uv==/,/[^\\]$/p' requirements.txt >"$lock"
    UV="$CACHE/uv/bin/uv"
    [[ -x $UV ]] && cmp -s "$lock" "$CACHE/uv/made-from" && return
    "$(find_python)" -I -m venv --clear "$CACHE/uv"
    "$CACHE/uv/bin/python" -I -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary :all: --requirement "$lock"
    cp "$lock" "$CACHE/uv/made-from"
}

# .venv: what dlsetup needs and what its tests and linters are, all by hash.
install_tools() {
    local locks=(requirements.txt .ci/requirements.txt)
    cat "${locks[@]}" | cmp -s - .venv/made-from && .venv/bin/python -c '' 2>/dev/null && return
    .venv/bin/python -c '' 2>/dev/null ||
        "$UV" venv --quiet --clear --python "$(find_python)" .venv
    "$UV" pip install --quiet --python .venv/bin/python --require-hashes \
        --requirement requirements.txt --requirement .ci/requirements.txt
    cat "${locks[@]}" >.venv/made-from
}

system_packages
install_uv
install_tools
