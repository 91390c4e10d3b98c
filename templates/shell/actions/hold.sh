# package_hold PACKAGE: apt leaves it at this version, because some day its name may bring a branch
# that no longer drives this GPU.
package_hold() {
  as_root apt-mark hold "$1" >/dev/null
  echo "  held: $1: newer branches drop this GPU. Undone by: sudo apt-mark unhold $1"
}
