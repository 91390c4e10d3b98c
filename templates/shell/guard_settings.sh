  # Settings of pip, uv, Python and conda lead packages elsewhere; those for the way to them may stay.
  local name kept='_(INDEX(_URL|_.+_(USERNAME|PASSWORD))?|FIND_LINKS|PROXY|(TRUSTED|INSECURE)_HOST|'
  kept+='KEYRING_PROVIDER|NATIVE_TLS|CONFIG_FILE|MIRROR|TIMEOUT|RETRIES|CACHE_DIR|OFFLINE)$|_CERT'
  for name in "${!PIP_@}" "${!UV_@}" "${!PYTHON@}" "${!CONDA_@}" VIRTUAL_ENV; do
    [[ $name =~ $kept ]] || unset "$name"
  done
