# zypper_root WORD…: sudo drops what leads to a proxy.
zypper_root() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" no_proxy="${no_proxy-${NO_PROXY-}}" \
    https_proxy="${https_proxy-${HTTPS_PROXY-}}" ZYPP_LOCK_TIMEOUT=300 zypper --non-interactive "$@"
}
packages_new() {
  { zypper_root --xmlout {{ install }} --dry-run "$@" || true; } |
    sed -n '/<to-install>/,/<\/to-install>/s/.*<solvable .*name="\([^"]*\)".*/\1/p'
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
