# --- uv, the installer ---------------------------------------------------------------------------

uv_present() {
  [[ $("$tools/uv-$1/bin/uv" --version 2>/dev/null) == "uv $1"* ]] || return 1
  uv=$tools/uv-$1/bin/uv
}

# uv_install VERSION HASH…: from the package index, and only the very file that was planned.
uv_install() {
  local home=$tools/uv-$1 line="uv==$1" hash
  shift
  for hash in "$@"; do line+=" --hash=$hash"; done
  make_folder "$tools"
  {{ system_python | sh }} -m venv --clear "$home" || stop "no virtual environment could be made in $home"
  printf '%s\n' "$line" >"$home/requirements.txt"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
    --require-hashes --only-binary :all: --requirement "$home/requirements.txt" ||
    stop "pip could not get $line" 'is the network up? behind a proxy, set https_proxy'
}
