# package_hold PACKAGE: apt leaves it and what it is made of at this version until it is told
# otherwise, because some day its name may bring a branch that no longer drives this GPU.
package_hold() {
  as_root apt-mark hold "$1" >/dev/null || stop "apt could not hold $1" 'its own words are above'
  printf '  held: %s; newer branches drop this GPU. Undone by: sudo apt-mark unhold %s\n' "$1" "$1"
}
