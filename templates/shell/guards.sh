# --- The machine this was made for, and the folders it may use -----------------------------------

# drop_settings: what this shell tells Python, pip, uv and conda would lead packages elsewhere. What
# says where packages come from, and how to reach that place, stays.
drop_settings() {
  local name
  for name in "${!PIP_@}" "${!UV_@}" "${!PYTHON@}" "${!CONDA_@}" VIRTUAL_ENV; do
    case $name in
      UV_INDEX_STRATEGY) unset "$name" ;;
      *_INDEX* | *_FIND_LINKS | *_CERT* | *_PROXY | *_TRUSTED_HOST | *_INSECURE_HOST) ;;
      *_KEYRING_PROVIDER | *_NATIVE_TLS | *_CONFIG_FILE | *_MIRROR) ;;
      *_TIMEOUT | *_RETRIES | *_CACHE_DIR | *_OFFLINE) ;;
      *) unset "$name" ;;
    esac
  done
}

os_release() {
  sed -n "s/^$1=//p" /etc/os-release | tr -d '"'
}

guard_system() {
  local id version wsl=no
  [[ -r /etc/os-release ]] || stop 'there is no /etc/os-release: this system cannot be told'
  id=$(os_release ID)
  version=$(os_release VERSION_ID)
  [[ $id == "$PLANNED_OS" && $version. == "$PLANNED_VERSION".* ]] ||
    stop "made for $PLANNED_OS $PLANNED_VERSION, and this is ${id:-an unknown system} $version" \
      'make one for this system: dlsetup render script'
  [[ $(uname -m) == "$PLANNED_ARCH" ]] ||
    stop "made for $PLANNED_ARCH, and this is $(uname -m)"
  if grep -qi microsoft /proc/sys/kernel/osrelease 2>/dev/null; then wsl=yes; fi
  [[ $wsl == "$PLANNED_WSL" ]] ||
    stop "made for a machine with WSL2: $PLANNED_WSL, and here it is: $wsl" \
      'on WSL2 the driver belongs to Windows, so the two need different scripts'
}
