# --- Packages of the system ----------------------------------------------------------------------

# installed_version PACKAGE: nothing when it is not installed.
installed_version() {
  if rpm -q --quiet "$1"; then rpm -q --queryformat '%{VERSION}-%{RELEASE}\n' "$1" | tail -n 1; fi
}

system_packages_present() {
  rpm -q --quiet "$@"
}

system_packages_install() {
  ask_root system "install with $TOOL: $*"
  packages_get "$@" || stop "$TOOL could not install $*" 'its own words are above' \
    'behind a proxy, set http_proxy and https_proxy: this script hands them on'
}

# with_proxies COMMAND…: as root; sudo drops what this shell says of proxies.
with_proxies() {
  local name told=()
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [[ -n ${!name:-} ]]; then told+=("$name=${!name}"); fi
  done
  as_root env "${told[@]}" "$@"
}
