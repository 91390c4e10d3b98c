# installed_version PACKAGE: nothing when it is not installed.
installed_version() {
  { rpm -q --queryformat '%{VERSION}-%{RELEASE}\n' "$1" || true; } | sed '/is not installed$/d'
}

# installed_since_boot PACKAGE: whether it came after this machine was started.
installed_since_boot() {
  (($(rpm -q --queryformat '%{INSTALLTIME}' "$1") >= $(awk '/^btime/ {print $2}' /proc/stat)))
}

system_packages_present() { rpm -q --quiet "$@"; }
system_packages_install() {
  ask_root "install with {{ tool }}: $*"
  packages_get "$@"
}

# packages_get PACKAGE…: what comes new is noted before it comes, for --uninstall.
packages_get() {
  packages_new "$@" | remember
  {{ tool }}_root {{ install }} "$@"
}

packages_left() {
  { rpm -q --queryformat '%{NAME}\n' "$@" || true; } | sed '/is not installed$/d' | sort -u
}
# system_packages_remove PACKAGE…: these alone; rpm removes none of them if anything else needs one.
system_packages_remove() {
  local here
  read -ra here <<<"$(packages_left "$@" | xargs)"
  ((${#here[@]} == 0)) || as_root rpm --erase "${here[@]}" || true
}
