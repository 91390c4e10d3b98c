# --- Taking back what was installed ---------------------------------------------------------------

# packages_gone PACKAGE…
packages_gone() {
  local package
  for package in "$@"; do
    [[ -z $(installed_version "$package") ]] || return 1
  done
}

# packages_remove PACKAGE…: these and no others.
packages_remove() {
  local package present=() removed others=''
  for package in "$@"; do
    [[ -z $(installed_version "$package") ]] || present+=("$package")
  done
  ask_root system "remove with apt: ${present[*]}"
  removed=$(LC_ALL=C apt-get -s remove "${present[@]}" | sed -n 's/^Remv \([^ ]*\).*/\1/p') ||
    stop 'apt cannot remove them' 'its own words are above'
  for package in $removed; do
    [[ " ${present[*]} " == *" $package "* ]] || others+=" $package"
  done
  [[ -z $others ]] || stop "to remove these apt would remove more:$others" 'look into that first'
  apt_get remove "${present[@]}" || stop 'apt could not remove them' 'its own words are above'
}
