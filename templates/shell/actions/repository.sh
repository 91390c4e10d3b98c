# repository_add NAME ADDRESS KEY FINGERPRINT PINNING: apt trusts it by this one key and no other,
# and PINNING keeps apt on one driver branch of it.
repository_add() {
  local list=/etc/apt/sources.list.d/dlsetup-$1.list ring=/etc/apt/keyrings/dlsetup-$1.asc
  ask_root "add the package repository $1 ($2) and install the driver from it"
  if [[ ! -s $list || ! -s $ring ]]; then repository_trust "$list" "$ring" "$@"; fi
  apt_refresh
  apt_get install "$5" || stop "apt could not install $5, which keeps the driver on its branch"
}

repository_trust() {
  local list=$1 ring=$2 name=$3 address=$4 key=$5 fingerprint=$6 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    apt_refresh
    apt_get install --no-install-recommends ca-certificates curl gpg ||
      stop 'apt could not install curl and gpg, which check the key of the repository'
  fi
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --proto '=https' --output "$folder/key.asc" "$key" ||
    stop "the key of the repository $name could not be fetched from $key"
  keys=$(gpg --homedir "$folder" --batch --with-colons --show-keys "$folder/key.asc" |
    awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')
  [[ $keys == "$fingerprint" ]] || stop "the key of the repository $name is not the planned one" \
    "planned $fingerprint, found ${keys:-none}"
  as_root install -D -m 644 "$folder/key.asc" "$ring"
  printf 'deb [signed-by=%s] %s /\n' "$ring" "$address" | as_root tee "$list" >/dev/null
  rm -rf "$folder"
}
