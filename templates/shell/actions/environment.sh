# --- The environment -----------------------------------------------------------------------------

environment_python() {
  "$environment/bin/python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

environment_present() {
  [[ -s $environment/.dlsetup/holds && $(environment_python) == "$1" ]]
}

# environment_make VERSION INTERPRETER
environment_make() {
  local options=(--no-managed-python --no-python-downloads --python "$2")
  if [[ $2 == managed ]]; then options=(--managed-python --no-python-downloads --python "$1"); fi
  make_folder "$environment"
  make_folder "$environment/.dlsetup"
  printf '%s\n' "$HOLDS" >"$environment/.dlsetup/holds"
  "$uv" venv --quiet --allow-existing "${options[@]}" "$environment" ||
    stop "uv could not make an environment with Python $1"
}
