# driver_stop MINIMUM [LAST_BRANCH]: nothing can be installed here, so say what is missing.
driver_stop() {
  local running last=${2:+, of branch $2 at most}
  driver_whole
  running=$(running_driver)
  stop "the NVIDIA driver must be $1 or later$last, and this machine runs ${running:-none}" \
    'install one, reboot, and run this script again' \
    'or let dlsetup render a script for this machine as it is now'
}
