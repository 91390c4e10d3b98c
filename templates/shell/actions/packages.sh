packages_installed() {
  [[ $(cat "$environment/.dlsetup/installed" 2>/dev/null) == "$PLAN" ]]
}

# packages_install OPTION… -- REQUIREMENT…: if an earlier run was cut short, all is written anew.
packages_install() {
  local unfinished=$environment/.dlsetup/unfinished again=()
  if [[ -e $unfinished ]]; then again=(--reinstall); fi
  printf '%s\n' "$PLAN" >"$unfinished"
  "$uv" pip install --python "$environment/bin/python" "${again[@]}" "$@" ||
    stop 'uv could not install the packages' 'its own words are above'
  printf '%s\n' "$PLAN" >"$environment/.dlsetup/installed"
  rm -f "$unfinished"
}
