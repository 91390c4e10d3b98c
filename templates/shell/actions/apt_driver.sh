# installed_since_boot PACKAGE
installed_since_boot() {
  local list
  for list in "/var/lib/dpkg/info/$1".list "/var/lib/dpkg/info/$1":*.list; do
    if [[ -e $list ]] && newer_than_boot "$list"; then return; fi
  done
  return 1
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

# driver_install PACKAGE BRANCH MINIMUM COMPONENT
# Package names may redirect to another branch, so what counts is the version apt would install.
driver_install() {
  local package=$1 branch=$2 minimum=$3 component=$4 version headers
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
  headers=linux-headers-$(uname -r)
  if [[ -z $(candidate_version "$headers") ]]; then
    printf '  note: apt has no %s: where dkms builds the module, it cannot without them.\n' "$headers"
    headers=''
  fi
  driver_replaces "$package" ${headers:+"$headers"}
  apt_get install "$package" ${headers:+"$headers"} || stop "apt could not install $package"
  reboot_first "The driver $version is installed."
}
