TOOL=dnf
REPOSITORIES=/etc/yum.repos.d
KEY_TOOLS=(curl gnupg2)

packages_get() {
  with_proxies dnf -y --setopt=install_weak_deps=False install "$@"
}

# repository_read NAME: whether dnf can.
repository_read() {
  with_proxies dnf -y -q makecache --repo "$1"
}

# candidate_version PACKAGE [START]: the newest that dnf knows, of those that start like this.
candidate_version() {
  with_proxies dnf -y -q repoquery --queryformat '%{name} %{version}-%{release}\n' "$1" |
    sed -n "s/^$1 \(${2:-}.*\)/\1/p" | sort -V | tail -n 1
}

# exactly PACKAGE VERSION: how dnf is asked for this version.
exactly() {
  printf '%s-%s\n' "$1" "$2"
}

# branch_hold HOLD: a module's stream, or what versionlock keeps.
branch_hold() {
  if [[ $1 == *:* ]]; then
    with_proxies dnf -y module enable "$1" || stop "dnf could not enable the stream $1" \
      'where another one is enabled, first: dnf module reset nvidia-driver'
    return
  fi
  as_root dnf -q versionlock list >/dev/null 2>&1 || packages_get python3-dnf-plugin-versionlock ||
    stop 'dnf could not install versionlock, which keeps the driver on its branch'
  # shellcheck disable=SC2053 # it is a pattern
  [[ $(as_root dnf -q versionlock list) == $1 ]] || with_proxies dnf -y versionlock add "$1" ||
    stop "dnf could not lock $1"
}

# driver_beside PACKAGE VERSION: sets what is installed beside a driver.
driver_beside() {
  if [[ -z $(candidate_version dkms) && -n $(candidate_version epel-release) ]]; then
    packages_get epel-release || stop 'dnf could not install epel-release'
  fi
  [[ -n $(candidate_version dkms) ]] || stop 'dnf knows no dkms, which builds the module' \
    'it stands in EPEL: let this system use that repository first'
  beside=(dkms)
}

# kernel_headers: those of the running kernel; nothing where dnf knows none.
kernel_headers() {
  local version
  version=$(candidate_version kernel-devel "$(uname -r | sed 's/\.[^.]*$//')")
  if [[ -n $version ]]; then exactly kernel-devel "$version"; fi
}
