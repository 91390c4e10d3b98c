disk_free() {
  local free
  make_folder "$environment"
  free=$(df --output=avail --block-size=1 "$environment" | tail -n 1)
  ((free >= $1)) || stop "$environment needs $(($1 / 1000000)) MB, and $((free / 1000000)) MB are free"
}
