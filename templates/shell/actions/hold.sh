# package_held PACKAGE: also where it is not here, or was here before this script.
package_held() {
  [[ -z $(installed_version "$1") || $'\n'$(apt-mark showhold)$'\n' == *$'\n'"$1"$'\n'* ]] ||
    { [[ -n ${made-} ]] && ! grep -qsx "$1" "$made/added"; }
}

# package_hold PACKAGE: apt leaves it at this version, because some day its name may bring a branch
# that no longer drives this GPU.
package_hold() {
  as_root apt-mark hold "$1" >/dev/null
  echo "  held: $1: newer branches drop this GPU. Undone by: sudo apt-mark unhold $1"
}
