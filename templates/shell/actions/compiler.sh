# --- nvcc's host compiler ------------------------------------------------------------------------

# host_compiler_fits PROGRAM NEWEST: whether it is a gcc that nvcc's own headers let pass.
host_compiler_fits() {
  local found
  found=$("$1" -dumpversion 2>/dev/null) && ((${found%%.*} <= $2))
}

host_compiler_needed() {
  host_compiler_fits "$@" || stop "nvcc needs $1, of gcc $2 or older" \
    'install one, and run this script again'
}
