has_nvidia_gpu() {
  grep -qs '^0x10de$' /sys/bus/pci/devices/*/vendor
}

# driver_of PACKAGE_VERSION: 580.178.04-0ubuntu0.24.04.1 holds driver 580.178.04.
driver_of() {
  local version=${1#*:}
  printf '%s\n' "${version%%-*}"
}

secure_boot() {
  local variables=(/sys/firmware/efi/efivars/SecureBoot-*)
  if command -v mokutil >/dev/null; then
    [[ $(mokutil --sb-state 2>/dev/null) == *'SecureBoot enabled'* ]]
  else
    [[ -r ${variables[0]} && $(od -A n -t u1 "${variables[0]}") == *1 ]]
  fi
}

# driver_wanted PACKAGE BRANCH MINIMUM: stops where installing it would be wrong or is already done.
driver_wanted() {
  local package=$1 branch=$2 minimum=$3 version
  has_nvidia_gpu || stop 'this machine shows no NVIDIA GPU, and the plan is for one'
  driver_whole
  version=$(driver_of "$(installed_version "$package")")
  if [[ $version == "$branch".* ]] && reaches "$version" "$minimum"; then
    driver_asleep "$package" "$version"
  fi
  [[ ! -x /usr/bin/nvidia-uninstall ]] ||
    stop "a driver from NVIDIA's own installer is here, which packages must not overwrite" \
      'remove it with: sudo nvidia-uninstall'
  if [[ $root_allowed != *' driver '* ]] && secure_boot; then
    printf '  note: Secure Boot is on. The kernel then loads the driver only if it is signed with\n'
    printf '  an enrolled key: enrol that of dkms (mokutil --import), or switch it off.\n'
  fi
}

# driver_asleep PACKAGE VERSION: installed and not running, which a reboot mends only once.
driver_asleep() {
  local boot='off, or cannot be told'
  if installed_since_boot "$1"; then reboot_first "The driver $2 is installed but not running."; fi
  if secure_boot; then boot='on: modules whose key is not enrolled are refused'; fi
  stop "the driver $2 is installed, and after a reboot it still does not run" \
    "Secure Boot is $boot" \
    "is its module built for this kernel, $(uname -r)? see: dkms status; modinfo nvidia" \
    'what the kernel says: sudo dmesg | grep -i -e nvidia -e nvrm -e nouveau'
}
