packages_free() {
  local package
  for package in "$@"; do
    [[ " $(apt-mark showhold | xargs) " != *" $package "* ]] || return 1
  done
}

# packages_release PACKAGE…: what was held at a version.
packages_release() {
  ask_root "let apt move again: $*"
  as_root apt-mark unhold "$@" >/dev/null
}

packages_gone() {
  [[ -z $(packages_left "$@") ]]
}

# packages_remove PACKAGE…: these and no others; their configuration stays.
packages_remove() {
  local package removed present others=''
  read -ra present <<<"$(packages_left "$@" | xargs)"
  ((${#present[@]})) || return 0
  ask_root "remove with apt: ${present[*]}"
  removed=$(LC_ALL=C apt-get -s remove "${present[@]}" | sed -n 's/^Remv \([^ ]*\).*/\1/p') ||
    stop 'apt cannot remove them' 'its own words are above'
  for package in $removed; do
    [[ " ${present[*]} " == *" $package "* ]] || others+=" $package"
  done
  [[ -z $others ]] || stop "apt would remove more than that:$others" 'look into that first'
  apt_get remove "${present[@]}" || stop 'apt could not remove them' 'its own words are above'
}

packages_forgotten() {
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
      '' | not-installed) ;;
      *) return 1 ;;
    esac
  done
}

# packages_purge PACKAGE…: the configuration of what was removed.
packages_purge() {
  local package left=()
  for package in "$@"; do
    packages_forgotten "$package" || left+=("$package")
  done
  ((${#left[@]})) || return 0
  apt_get purge "${left[@]}" || stop 'apt could not purge them' 'its own words are above'
}

packages_back() {
  local wish
  for wish in "$@"; do
    [[ $(installed_version "${wish%%=*}") == "${wish#*=}" ]] || return 1
  done
}

# packages_fetch PACKAGE=VERSION…: seen to be at hand before anything is removed for them.
packages_fetch() {
  ask_root "fetch with apt what was here before: $*"
  apt_get install --download-only "$@" || stop 'apt could not fetch them' 'its own words are above'
}

# packages_restore PACKAGE=VERSION…: what a driver took the place of.
packages_restore() {
  ask_root "install with apt what was here before: $*"
  apt_get install --no-install-recommends "$@" ||
    stop 'apt could not install them' 'its own words are above'
}

marked_automatic() {
  local package marked
  marked=$(apt-mark showauto "$@") || return 1
  for package in "$@"; do
    [[ $'\n'$marked$'\n' == *$'\n'"$package"$'\n'* ]] || return 1
  done
}

# mark_automatic PACKAGE…: what apt may remove again when nothing needs it.
mark_automatic() {
  ask_root "let apt know again that nobody asked for: $*"
  as_root apt-mark auto "$@"
}

# files_gone SHA256 FILE…: what somebody changed since is not ours any more.
files_gone() {
  while (($#)); do
    if file_unchanged "$1" "$2"; then return 1; fi
    shift 2
  done
}

file_unchanged() {
  [[ -r $2 && $(sha256sum <"$2") == "$1 "* ]]
}

files_remove() {
  while (($#)); do
    ask_root "remove $2"
    if file_unchanged "$1" "$2"; then as_root rm -f "$2"; fi
    shift 2
  done
}
