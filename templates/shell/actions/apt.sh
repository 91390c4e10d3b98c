# --- Packages of the system ----------------------------------------------------------------------

# installed_version PACKAGE: nothing when it is not installed.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}

# candidate_version PACKAGE: what apt would install; nothing when it knows none.
candidate_version() {
  LC_ALL=C apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p' | grep -v '^(none)$' || true
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}

apt_refresh() {
  apt_get -o APT::Update::Error-Mode=any update ||
    stop 'apt could not refresh its lists' 'is the network up, and are its sources reachable?'
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
  ask_root "install with apt: ${missing[*]}"
  apt_refresh
  apt_get install --no-install-recommends "${missing[@]}" ||
    stop "apt could not install ${missing[*]}" 'its own words are above'
}
