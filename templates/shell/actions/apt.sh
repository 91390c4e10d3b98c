# apt_get WORD…: sudo drops what leads to a proxy, and apt reads the small letters only.
apt_get() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" no_proxy="${no_proxy-${NO_PROXY-}}" \
    https_proxy="${https_proxy-${HTTPS_PROXY-}}" DEBIAN_FRONTEND=noninteractive \
    NEEDRESTART_MODE=l apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}
apt_new() { sed -n 's/^Inst \([^ ]*\) (.*/\1/p'; }
apt_refresh() { apt_get -o APT::Update::Error-Mode=any update; }

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() {
  [[ -n $(find -L "/var/lib/dpkg/info/$1"{,:*}.list \
    -newerct "@$(sed -n 's/^btime //p' /proc/stat)" 2>/dev/null) ]]
}

# package_there PACKAGE: whether any of its files may be here, be it installed to the end or not.
package_there() {
  case $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) in
    '' | not-installed | config-files) return 1 ;;
  esac
}

# candidate_version PACKAGE: what apt would install; nothing when it knows none.
candidate_version() {
  apt-cache policy "$1" | sed -n '/(none)/d; s/^ *Candidate: *//p'
}

system_packages_missing() {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>&1 | awk '!/^installed / {print $NF}'
}
system_packages_present() { [[ -z $(system_packages_missing "$@") ]]; }
system_packages_install() {
  local missing
  read -ra missing <<<"$(system_packages_missing "$@" | xargs)"
  ask_root "install with apt: ${missing[*]}"
  apt_refresh
  # What comes new is noted before it comes, for --uninstall.
  apt-get -s install --no-install-recommends "${missing[@]}" | apt_new | remember
  apt_get install --no-remove --no-install-recommends "${missing[@]}"
}

# system_packages_remove PACKAGE…: these alone; dpkg leaves what something else needs.
system_packages_remove() {
  as_root env DEBIAN_FRONTEND=noninteractive dpkg --purge "$@" ||
    echo 'What dpkg did not remove stays: something else needs it now.'
}
