# driver_stop MINIMUM: nothing can be installed here, so say what is missing.
driver_stop() {
  local running
  running=$(running_driver)
  stop "the NVIDIA driver must be $1 or later, and this machine runs ${running:-none}" \
    'install one, reboot, and run this script again' \
    'or let dlsetup render a script for this machine as it is now'
}
