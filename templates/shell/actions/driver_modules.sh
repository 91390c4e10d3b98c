# kernels: what is appended to linux-image- in the names of the kernels that may be started here,
# and of the packages that bring the next ones: 6.8.0-45-generic, generic.
kernels() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'linux-image-*' 2>/dev/null |
    sed -n 's/^installed linux-image-//p' | grep -v -e '^unsigned' -e '^extra') || installed=''
  {
    uname -r
    grep '^[0-9]' <<<"$installed" | sort -V | tail -n 1
    grep -v '^[0-9]' <<<"$installed"
  } | awk 'NF && !seen[$0]++'
}

# kernel_parts PREFIX: modules that the archive holds prebuilt and signed for all these kernels
# (PREFIX-KERNEL), or else the headers that dkms builds them with.
kernel_parts() {
  local kernel names=()
  for kernel in $(kernels); do
    if [[ -n $1 && -n $(candidate_version "$1-$kernel") ]]; then
      names+=("$1-$kernel")
    elif [[ $kernel == [0-9]* ]]; then
      names=()
      break
    fi
  done
  if ((${#names[@]} == 0)); then
    for kernel in $(kernels); do
      if [[ -n $(candidate_version "linux-headers-$kernel") ]]; then
        names+=("linux-headers-$kernel")
      fi
    done
  fi
  printf '%s\n' "${names[*]}"
}

# prebuilt: the kernel's own publisher signed these modules, so no key has to be enrolled for them.
prebuilt() {
  installed_version "linux-modules-nvidia-*-$(uname -r)"
}
