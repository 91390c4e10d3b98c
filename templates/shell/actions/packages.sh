packages_installed() {
  [[ $(cat "$environment/.dlsetup/installed" 2>/dev/null) == "$PLAN" ]]
}

# packages_sources [PACKAGE=INDEX]…: tells uv to take these from their index, and nothing else.
packages_sources() {
  local source
  printf '[project]\nname = "dlsetup-plan"\nversion = "0"\ndependencies = ['
  for source in "$@"; do
    [[ $source =~ ^[A-Za-z0-9._-]+=https?://[][A-Za-z0-9._~:/@%+-]+$ ]] ||
      stop "$source names no package and its index"
    printf '"%s", ' "${source%%=*}"
  done
  printf ']\n'
  for source in "$@"; do
    printf '\n[[tool.uv.index]]\nname = "for-%s"\n' "${source%%=*}"
    printf 'url = "%s"\nexplicit = true\n' "${source#*=}"
  done
  printf '\n[tool.uv.sources]\n'
  for source in "$@"; do printf '"%s" = {index = "for-%s"}\n' "${source%%=*}" "${source%%=*}"; done
}

# packages_install [--source PACKAGE=INDEX]… [--index INDEX]… -- REQUIREMENT…
# If an earlier run was cut short, all is written anew.
packages_install() {
  local made=$environment/.dlsetup sources=() options=()
  while [[ $1 != -- ]]; do
    if [[ $1 == --source ]]; then sources+=("$2"); else options+=("$1" "$2"); fi
    shift 2
  done
  if ((${#sources[@]})); then
    packages_sources "${sources[@]}" >"$made/pyproject.toml"
    options+=(--requirements "$made/pyproject.toml")
  fi
  if [[ -e $made/unfinished ]]; then options+=(--reinstall); fi
  printf '%s\n' "$PLAN" >"$made/unfinished"
  "$uv" pip install --python "$environment/bin/python" "${options[@]}" "$@" ||
    stop 'uv could not install the packages' 'its own words are above'
  printf '%s\n' "$PLAN" >"$made/installed"
  rm -f "$made/unfinished"
}
