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
  driver_whole
  version=$(driver_of "$(installed_version "$package")")
  if [[ $version == "$branch".* ]] && reaches "$version" "$minimum"; then
    driver_asleep "$package" "$version"
  fi
  if [[ -x /usr/bin/nvidia-uninstall || -x /usr/bin/nvidia-installer ]]; then
    stop "a driver from NVIDIA's own installer (.run) is here, and packages would mix with it" \
      'remove it first: sudo nvidia-uninstall' 'then reboot, and run this script again'
  fi
}

# driver_asleep PACKAGE VERSION: installed and not running, which a reboot mends only once.
driver_asleep() {
  local list boot='off, or cannot be told'
  for list in "/var/lib/dpkg/info/$1".list "/var/lib/dpkg/info/$1":*.list; do
    if [[ -e $list ]] && newer_than_boot "$list"; then
      reboot_first "The driver $2 is installed but not running."
    fi
  done
  if secure_boot; then boot='on: modules whose key is not enrolled are refused'; fi
  stop "the driver $2 is installed, and after a reboot it still does not run" \
    "Secure Boot is $boot" \
    "is its module built for this kernel, $(uname -r)? see: dkms status; modinfo nvidia" \
    'what the kernel says: sudo dmesg | grep -i -e nvidia -e nvrm -e nouveau'
}

# driver_part PACKAGE: whether it belongs to a driver, so that another driver may replace it.
# The container toolkit, CUDA's toolkit and what serves a data centre do not.
driver_part() {
  case $1 in
    libnvidia-container* | libnvidia-nscq*) return 1 ;;
    libnvidia-* | nvidia-alternative* | nvidia-compute-* | nvidia-dkms* | nvidia-driver* | \
      nvidia-egl* | nvidia-firmware* | nvidia-headless* | nvidia-installer-cleanup | \
      nvidia-kernel* | nvidia-legacy-* | nvidia-modprobe | nvidia-open* | \
      nvidia-persistenced | nvidia-prime | nvidia-settings* | nvidia-smi | nvidia-support | \
      nvidia-suspend-common | nvidia-tesla-* | nvidia-utils-* | nvidia-vdpau* | nvidia-vulkan* | \
      nvidia-xconfig | cuda-drivers* | firmware-nvidia-* | libcuda1* | libcudadebugger1 | \
      libegl-nvidia* | libgl1-nvidia* | libgles-nvidia* | libglx-nvidia* | libnvcuvid1* | \
      libnvoptix1* | libxnvctrl0 | linux-modules-nvidia-* | linux-objects-nvidia-* | \
      linux-signatures-nvidia-* | xserver-xorg-video-nvidia*) return 0 ;;
  esac
  return 1
}

# driver_replaces PACKAGE…: says which parts of another driver go, and stops where more would.
driver_replaces() {
  local removed package parts='' others=''
  removed=$(LC_ALL=C apt-get -s install "$@" | sed -n 's/^Remv \([^ :]*\).*/\1/p') ||
    stop "apt cannot install $1" 'its own words are above'
  for package in $removed; do
    if driver_part "$package"; then parts+=" $package"; else others+=" $package"; fi
  done
  [[ -z $others ]] || stop "to install $1 apt would remove:$others" 'look into that first'
  if [[ -n $parts ]]; then printf '  it replaces:%s\n' "$parts"; fi
}

# driver_install PACKAGE BRANCH MINIMUM COMPONENT MODULES
# Package names may redirect to another branch, so what counts is the version apt would install.
driver_install() {
  local package=$1 branch=$2 minimum=$3 component=$4 modules=$5 version built
  driver_wanted "$package" "$branch" "$minimum"
  ask_root driver "install the NVIDIA driver with apt: $package, in place of an older one"
  apt_refresh
  version=$(driver_of "$(candidate_version "$package")")
  [[ -n $version ]] || stop "apt knows no $package" \
    "it stands in the part '$component' of the archive: see that its sources name that part"
  [[ $version == "$branch".* ]] ||
    stop "apt would install driver $version under the name $package, and the plan is for $branch"
  reaches "$version" "$minimum" ||
    stop "apt has driver $version, and at least $minimum is needed"
  read -r -a built <<<"$(kernel_parts "$modules")"
  if [[ " ${built[*]} " != *"-$(uname -r) "* ]]; then
    printf '  note: apt has no linux-headers-%s, which dkms needs to build the driver for the\n' \
      "$(uname -r)"
    printf '  kernel that runs. If it is not built: sudo apt upgrade, reboot, run this again.\n'
  fi
  driver_replaces "$package" "${built[@]}"
  apt_get install "$package" "${built[@]}" || stop "apt could not install $package"
}

# driver_reboot PACKAGE: with what a reboot alone would not do.
driver_reboot() {
  if [[ -d /sys/module/nouveau ]]; then
    printf '  note: nouveau drives the GPU now; the package shuts it out from the next start on.\n'
  fi
  if secure_boot && [[ -z $(prebuilt) ]]; then enrolment; fi
  reboot_first "The driver $(driver_of "$(installed_version "$1")") is installed."
}
