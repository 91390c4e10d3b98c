has_nvidia_gpu() {
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor
}

# driver_of PACKAGE_VERSION: 580.178.04-0ubuntu0.24.04.1 holds driver 580.178.04.
driver_of() {
  local version=${1#*:}
  printf '%s\n' "${version%%-*}"
}

# driver_wanted PACKAGE BRANCH MINIMUM: stops where installing it would be wrong or is already done.
driver_wanted() {
  local package=$1 branch=$2 minimum=$3 version
  has_nvidia_gpu || stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  version=$(driver_of "$(installed_version "$package")")
  if [[ $version == "$branch".* ]] && reaches "$version" "$minimum"; then
    reboot_first "The driver $version is installed but not running." \
      'If this machine was rebooted since: Secure Boot may refuse it (mokutil --sb-state), or its' \
      'module was not built for this kernel (dkms status).'
  fi
  [[ ! -x /usr/bin/nvidia-uninstall ]] ||
    stop "a driver from NVIDIA's own installer is here, which packages must not overwrite" \
      'remove it with: sudo nvidia-uninstall'
}

# driver_install PACKAGE BRANCH MINIMUM COMPONENT
# Package names may redirect to another branch, so what counts is the version apt would install.
driver_install() {
  local package=$1 branch=$2 minimum=$3 component=$4 version headers removed
  driver_wanted "$package" "$branch" "$minimum"
  ask_root "install the NVIDIA driver with apt: $package"
  apt_refresh
  version=$(driver_of "$(candidate_version "$package")")
  [[ -n $version ]] || stop "apt knows no $package" \
    "it stands in the part '$component' of the archive: see that its sources name that part"
  [[ $version == "$branch".* ]] ||
    stop "apt would install driver $version under the name $package, and the plan is for $branch"
  reaches "$version" "$minimum" ||
    stop "apt has driver $version, and at least $minimum is needed"
  headers=linux-headers-$(uname -r)
  if [[ -z $(candidate_version "$headers") ]]; then headers=''; fi
  removed=$(apt-get -s install "$package" ${headers:+"$headers"} |
    sed -n 's/^Remv \([^ ]*\).*/\1/p' | grep -v nvidia || true)
  [[ -z $removed ]] || stop "to install $package apt would remove: $removed" 'look into that first'
  apt_get install "$package" ${headers:+"$headers"} || stop "apt could not install $package"
  reboot_first "The driver $version is installed."
}
