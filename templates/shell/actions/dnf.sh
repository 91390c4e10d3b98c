# dnf_root WORD…: sudo drops what leads to a proxy.
dnf_root() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" no_proxy="${no_proxy-${NO_PROXY-}}" \
    https_proxy="${https_proxy-${HTTPS_PROXY-}}" dnf --setopt=install_weak_deps=False "$@"
}
packages_new() {
  { dnf_root --assumeno install "$@" 2>&1 || true; } |
    awk '/^[^ ]/ {new = /^Installing/} new && /^ [^ ]/ {print $1}'
}
repository_read() { dnf_root -q makecache --repo "$1"; }

# candidate_version PACKAGE [START]: the newest that dnf knows, of those that start like this.
candidate_version() {
  dnf_root -q repoquery --queryformat '%{name} %{version}-%{release}\n' "$1" |
    sed -n "s/^$1 \(${2-}.*\)/\1/p" | sort -V | tail -n 1
}

# branch_hold HOLD: enables a module's stream, or locks versions.
branch_hold() {
  if [[ $1 == *:* ]]; then
    [[ -e /etc/dnf/modules.d/${1%:*}.module ]] ||
      echo "/etc/dnf/modules.d/${1%:*}.module" | remember
    dnf_root -y module enable "$1" || stop "dnf could not enable the stream $1" \
      "if another one is enabled, and you do not need it: dnf module reset ${1%:*}"
    return
  fi
  dnf_root -q versionlock list >/dev/null 2>&1 || packages_get {{ brings.version_lock | sh }}
  [[ -e /etc/dnf/versionlock.toml ]] || echo /etc/dnf/versionlock.toml | remember
  # shellcheck disable=SC2053 # a pattern
  [[ $(dnf_root -q versionlock list) == $1 ]] || dnf_root -y versionlock add "$1"
}

# driver_packages PACKAGE VERSION: sets the packages that make up this driver, its kernel's part too.
driver_packages() {
  if [[ -z $(candidate_version dkms) && -n $(candidate_version {{ brings.dkms_repository | sh }}) ]]; then
    packages_get {{ brings.dkms_repository | sh }}
  fi
  [[ -n $(candidate_version dkms) ]] || stop 'dnf knows no dkms, which builds the module' \
    'it stands in EPEL: let this system use that repository first'
  packages=("$1-$2" dkms)
  headers=kernel-devel-$(uname -r)
}
