python_present() {
  "$uv" python find --quiet --managed-python --no-python-downloads "$1" >/dev/null 2>&1
}

python_install() {
  "$uv" python install --no-bin "$1" || stop "uv could not get Python $1" 'is the network up?'
}
