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
