# --- The NVIDIA driver ---------------------------------------------------------------------------

# running_driver: the version that works now; nothing when there is none.
running_driver() {
  local text=''
  if [[ -r /sys/module/nvidia/version ]]; then
    text=$(</sys/module/nvidia/version)
  elif [[ -r /proc/driver/nvidia/version ]]; then
    text=$(head -n 1 /proc/driver/nvidia/version)
  elif command -v nvidia-smi >/dev/null; then
    text=$(timeout 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null) ||
      text=''
  fi
  if [[ $text =~ [0-9]+(\.[0-9]+)+ ]]; then printf '%s\n' "${BASH_REMATCH[0]}"; fi
}

# reaches VERSION FLOOR
reaches() {
  printf '%s\n%s\n' "$2" "$1" | sort -V -C
}

# driver_fits MINIMUM [LAST_BRANCH]: branches after the last have dropped a GPU of the plan.
driver_fits() {
  local running
  running=$(running_driver)
  [[ -n $running ]] && reaches "$running" "$1" && ((${running%%.*} <= ${2:-${running%%.*}})) &&
    ! driver_torn
}

# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() {
  local said
  command -v nvidia-smi >/dev/null || return 1
  said=$(timeout 30 nvidia-smi 2>&1) && return 1
  [[ $said == *'version mismatch'* ]]
}

# newer_than_boot FILE: whether it was put on this machine after the machine was started.
newer_than_boot() {
  local started put
  started=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null) || started=''
  put=$(stat -L -c %Z "$1" 2>/dev/null) || put=''
  [[ -z $started || -z $put ]] || ((put >= started))
}

# driver_whole: goes on unless the driver is torn, which a reboot may mend, but only once.
driver_whole() {
  local library
  driver_torn || return 0
  for library in /usr/lib/{,*/}libnvidia-ml.so.1 /usr/lib64/libnvidia-ml.so.1; do
    if [[ -e $library ]] && newer_than_boot "$library"; then
      reboot_first 'The kernel runs another version of the NVIDIA driver than its libraries are of.'
    fi
  done
  stop "the kernel runs driver $(running_driver), and its libraries are of another version" \
    'a reboot did not change that: two drivers are installed, and one of them has to go' \
    "see: nvidia-smi; dpkg -l '*nvidia*'"
}
