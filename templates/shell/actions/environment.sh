# --- The environment -----------------------------------------------------------------------------

environment_python() {
  "$environment/bin/python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

environment_present() {
  [[ -d $environment/.dlsetup && $(environment_python) == "$1" ]]
}

# environment_make VERSION INTERPRETER
environment_make() {
  local found options=(--no-managed-python --no-python-downloads --python "$2")
  if [[ $2 == managed ]]; then options=(--managed-python --no-python-downloads --python "$1"); fi
  make_folder "$environment"
  if [[ ! -d $environment/.dlsetup && -n $(ls -A "$environment") ]]; then
    stop "$environment holds something that this script did not make" \
      'move it away, or name another folder with DLSETUP_ENV'
  fi
  make_folder "$environment/.dlsetup"
  found=$(environment_python) || found=''
  [[ -z $found || $found == "$1" ]] ||
    stop "$environment was made for Python $found, and the plan is for $1" \
      'remove it, or name another folder with DLSETUP_ENV'
  "$uv" venv --quiet --allow-existing "${options[@]}" "$environment" ||
    stop "uv could not make an environment with Python $1"
}
