# fabric_manager_fits DEVICE…: runs and is held; also where none of these NVSwitches is on the PCI bus.
fabric_manager_fits() {
  local device here=no
  for device in "$@"; do
    ! grep -qsx "0x$device" /sys/bus/pci/devices/*/device || here=yes
  done
  [[ $here == no ]] || {
    [[ $(dpkg-query -W -f='${db:Status-Status} ${Version}\n' 'nvidia-fabricmanager*' 2>&1) == \
    *"installed $(running_driver)-"* && $(apt-mark showhold) == *nvidia-fabricmanager* ]] &&
      systemctl is-active --quiet nvidia-fabricmanager
  }
}

# fabric_manager_install PACKAGE…: the one of the running driver's branch, in its very version, and
# held there: the package asks for that driver, so apt then moves neither without the other.
fabric_manager_install() {
  local running package version
  read -r running <<<"$(running_driver)"
  for package in "$@" ''; do
    if [[ $package == *-"${running%%.*}" ]]; then break; fi
  done
  [[ -n $package ]] || stop "no fabric manager is known for driver $running" "known are: $*"
  ask_root "install $package $running with apt, hold it at that version, and start it"
  apt_refresh
  version=$(apt-cache madison "$package" |
    awk -v of="$running-" 'index($3, of) == 1 && !seen++ {print $3}')
  [[ -n $version ]] || stop "apt has no $package of version $running, and it must equal the driver" \
    "bring the driver to a version that apt has of both: apt-cache madison $package"
  if [[ $(apt-cache depends --important "$package") == *Depends:*nvidia-fabricmanager-* ]]; then
    stop "$package $version only redirects to another branch, and it must equal the driver" \
      "move the driver to that branch: apt-cache depends $package"
  fi
  apt-get -s install --allow-change-held-packages "$package=$version" | apt_new | remember
  apt_get install --allow-change-held-packages "$package=$version"
  as_root apt-mark hold "$package" >/dev/null
  echo "  held: $package, with the driver. Undone by: sudo apt-mark unhold $package"
  as_root systemctl enable --now nvidia-fabricmanager
}
