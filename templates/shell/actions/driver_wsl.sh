# driver_stop_wsl MINIMUM: on WSL2 the driver belongs to Windows; a Linux one would break it.
driver_stop_wsl() {
  local running
  running=$(running_driver)
  stop "the NVIDIA driver of Windows must be $1 or later, and it is ${running:-not to be seen}" \
    'update it in Windows, then: wsl --shutdown' 'no driver is ever installed inside WSL2'
}
