# python_to_fetch VERSION: what uv can fetch of it; nothing for one that is too old for it.
python_to_fetch() { "$uv" python list --only-downloads "$1" 2>/dev/null || true; }
# python_for VERSION: uv's own interpreter, or this machine's where uv cannot fetch one.
python_for() {
  "$uv" python find --managed-python --no-python-downloads "$1" 2>/dev/null ||
    { [[ -z $(python_to_fetch "$1") ]] && "$uv" python find --no-python-downloads "$1" 2>/dev/null; }
}
# python_there VERSION: also where the environment has it already.
python_there() {
  [[ $("$environment/bin/python" -I -V 2>/dev/null) == "Python $1."* ]] || python_for "$1" >/dev/null
}
