TOOL=zypper
REPOSITORIES=/etc/zypp/repos.d
KEY_TOOLS=(curl gpg2)

packages_get() {
  with_proxies ZYPP_LOCK_TIMEOUT=300 zypper --non-interactive install --no-recommends \
    --auto-agree-with-licenses "$@"
}

# repository_read NAME: whether zypper can.
repository_read() {
  with_proxies ZYPP_LOCK_TIMEOUT=300 zypper --non-interactive refresh "$1"
}

# candidate_version PACKAGE [START]: the newest that zypper knows, of those that start like this.
candidate_version() {
  { with_proxies ZYPP_LOCK_TIMEOUT=300 zypper --non-interactive --xmlout \
    search --details --match-exact --type package "$1" || true; } |
    sed -n "s/.* edition=\"\(${2:-}[^\"]*\)\".*/\1/p" | sort -V | tail -n 1
}

# exactly PACKAGE VERSION: how zypper is asked for this version.
exactly() {
  printf '%s=%s\n' "$1" "$2"
}

# driver_beside PACKAGE VERSION: sets what is installed beside a driver.
driver_beside() {
  beside=("$(exactly "nvidia-compute-utils-${1##*-}" "${2%-*}")")
}

# kernel_headers: those of the running kernel; nothing where zypper knows none.
kernel_headers() {
  local kernel version
  kernel=$(uname -r)
  version=$(candidate_version "kernel-${kernel##*-}-devel" "${kernel%-*}")
  if [[ -n $version ]]; then exactly "kernel-${kernel##*-}-devel" "$version"; fi
}
