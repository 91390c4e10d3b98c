# installed_since_boot PACKAGE
installed_since_boot() {
  local started
  started=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null) || started=''
  [[ -z $started ]] || (($(rpm -q --queryformat '%{INSTALLTIME}\n' "$1" | tail -n 1) >= started))
}

# driver_install PACKAGE BRANCH MINIMUM: dnf and zypper take nothing else away for it by themselves.
driver_install() {
  local package=$1 branch=$2 minimum=$3 version headers beside
  driver_wanted "$package" "$branch" "$minimum"
  ask_root driver "install the NVIDIA driver with $TOOL: $package, in place of an older one"
  version=$(candidate_version "$package" "$branch\.")
  [[ -n $version ]] || stop "$TOOL knows no $package of branch $branch"
  reaches "$(driver_of "$version")" "$minimum" ||
    stop "$TOOL has driver $version, and at least $minimum is needed"
  driver_beside "$package" "$version"
  headers=$(kernel_headers)
  [[ -n $headers ]] ||
    printf '  note: %s has no headers of this kernel: the module cannot be built.\n' "$TOOL"
  packages_get "$(exactly "$package" "$version")" "${beside[@]}" ${headers:+"$headers"} ||
    stop "$TOOL could not install $package" 'its own words are above'
  reboot_first "The driver $(driver_of "$version") is installed."
}
