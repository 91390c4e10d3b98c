# running_driver: its version; nothing where none runs.
{% if planned.os.wsl %}
running_driver() {
  timeout 30 nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | sed q
}
{% else %}
running_driver() { grep -shom1 '[0-9]*\.[0-9.]*' /{sys/module,proc/driver}/nvidia/version | sed q; }
{% endif %}
reaches() { printf '%s\n' "$2" "$1" | sort -V -C; }
# driver_torn: whether the kernel's half of the driver and its libraries are of two versions.
driver_torn() { [[ $(timeout 30 nvidia-smi 2>&1) == *'version mismatch'* ]]; }
driver_fits() { reaches "$(running_driver)" "$1" && ! driver_torn; }

# changed_since_boot FILE…: whether one was put here after this machine was started.
changed_since_boot() {
  [[ -n $(find -L "$@" -newerct "@$(sed -n 's/^btime //p' /proc/stat)" 2>/dev/null) ]]
}
