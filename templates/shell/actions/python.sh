# python_found VERSION: an interpreter of this machine, on PATH; for what uv is too new to fetch.
python_found() { "$uv" python find --no-python-downloads "$1" 2>/dev/null; }
# python_there VERSION: also where the environment has it already.
python_there() {
  [[ $("$environment/bin/python" -I -V 2>/dev/null) == "Python $1."* ]] || python_found "$1" >/dev/null
}
