# --- The fabric manager of NVSwitches ------------------------------------------------------------

# fabric_manager_fits DEVICE…: also where none of these NVSwitches is on the PCI bus.
fabric_manager_fits() {
  local device here=no
  for device in "$@"; do
    if grep -qsx "0x$device" /sys/bus/pci/devices/*/device; then here=yes; fi
  done
  if [[ $here == no ]]; then return; fi
  [[ $(dpkg-query -W -f='${db:Status-Status} ${Version}\n' 'nvidia-fabricmanager*' 2>/dev/null) == \
    *"installed $(running_driver)-"* ]] && systemctl is-active --quiet nvidia-fabricmanager
}

# fabric_manager_install PACKAGE…: the one of the running driver's branch, in its very version, and
# held there: the package asks for that driver, so apt then moves neither without the other.
fabric_manager_install() {
  local running package='' version
  running=$(running_driver)
  for package in "$@" ''; do
    if [[ $package == *-"${running%%.*}" ]]; then break; fi
  done
  [[ -n $package ]] || stop "no fabric manager is known for driver $running" "known are: $*"
  ask_root fabric "install $package $running with apt, hold it at that version, and start it"
  apt_refresh
  version=$(LC_ALL=C apt-cache madison "$package" |
    awk -v of="$running-" 'index($3, of) == 1 && !seen++ {print $3}')
  [[ -n $version ]] ||
    stop "apt has no $package of version $running, and it must equal the driver" \
      "bring the driver to a version that apt has of both: apt-cache madison $package"
  if [[ $(apt-cache depends "$package" 2>/dev/null) == *'Depends: nvidia-fabricmanager-'* ]]; then
    stop "$package $version only redirects to another branch, and it must equal the driver" \
      "move the driver to that branch: apt-cache show $package"
  fi
  apt_get install --allow-change-held-packages "$package=$version" ||
    stop "apt could not install $package $version" 'its own words are above'
  as_root apt-mark hold "$package" >/dev/null
  printf '  held: %s, with the driver. Undone by: sudo apt-mark unhold %s\n' "$package" "$package"
  as_root systemctl enable --now nvidia-fabricmanager ||
    stop 'the fabric manager does not start' 'see: journalctl -u nvidia-fabricmanager'
}
