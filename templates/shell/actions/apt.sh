# unattended WORD…: as root, with the proxies: sudo drops them, apt reads small letters only.
unattended() {
  as_root env http_proxy="${http_proxy-${HTTP_PROXY-}}" https_proxy="${https_proxy-${HTTPS_PROXY-}}" \
    no_proxy="${no_proxy-${NO_PROXY-}}" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@"
}
system_packages_remove() { unattended dpkg --purge "$@" || (($? == 1)); }
apt_get() { unattended apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }
# apt_refresh: what was cut off comes to its end first. "check" waits for another program; dpkg does not.
apt_refresh() {
  apt_get check || unattended dpkg --configure -a || true
  apt_get -o APT::Update::Error-Mode=any update && apt_get --fix-broken --no-remove install
}
apt_new() { sed -n 's/^Inst \([^ ]*\) (.*/\1/p'; }

# installed_version PACKAGE: nothing when it is not installed to its end.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() { changed_since_boot "/var/lib/dpkg/info/$1"{,:*}.list; }

# packages_left PACKAGE…: those of which any file may be here, installed to the end or not.
packages_left() { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '!/^.[nc]/ {print $NF}'; }

# candidate_version PACKAGE: what apt would install; nothing when it knows none.
candidate_version() {
  apt-cache policy "$1" | sed -n '/(none)/d; s/^ *Candidate: *//p'
}

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
