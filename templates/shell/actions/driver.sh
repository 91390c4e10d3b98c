# running_driver: its version; nothing where none runs.
running_driver() {
{% if planned.os.wsl %}
  timeout 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null |
{% else %}
  { cat /sys/module/nvidia/version || cat /proc/driver/nvidia/version; } 2>/dev/null |
{% endif %}
    grep -oEm 1 '[0-9]+(\.[0-9]+)+' || true
}

# reaches VERSION FLOOR
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }

# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_whole() {
  ! driver_torn || reboot_first 'The driver that runs and its libraries are of two versions.' \
    "If that does not change by a reboot, two drivers are installed: {{ listing }}"
}
