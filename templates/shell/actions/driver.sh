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
  [[ -n $running ]] && reaches "$running" "$1" && ((${running%%.*} <= ${2:-${running%%.*}}))
}
