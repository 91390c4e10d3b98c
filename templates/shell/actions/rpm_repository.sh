# repository_add NAME ADDRESS KEY FINGERPRINT HOLD: its packages are taken only if they are signed,
# and its key is trusted only if it is the planned one. One that is here already is used as it is.
repository_add() {
  local file=$REPOSITORIES/dlsetup-$1.repo
  ask_root driver "add the repository $1 ($2), if $TOOL lacks it, and install the driver from it"
  if ! grep -qs "^baseurl *= *${2%/}/*\$" "$REPOSITORIES"/*.repo; then
    repository_trust "$file" "$@"
    if ! repository_read "dlsetup-$1"; then
      as_root rm -f "$file"
      stop "$TOOL could not read the repository $1" 'its own words are above'
    fi
  fi
  if [[ -n $5 ]]; then branch_hold "$5"; fi
}

repository_trust() {
  local file=$1 name=$2 address=$3 key=$4 fingerprint=$5 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    packages_get "${KEY_TOOLS[@]}" ||
      stop "$TOOL could not install curl and gpg, which check the key of the repository"
  fi
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --proto '=https' --output "$folder/key.asc" "$key" ||
    stop "the key of the repository $name could not be fetched from $key"
  keys=$(gpg --homedir "$folder" --batch --with-colons --show-keys "$folder/key.asc" |
    awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')
  [[ $keys == "$fingerprint" ]] || stop "the key of the repository $name is not the planned one" \
    "planned $fingerprint, found ${keys:-none}"
  printf '%s\n' "[dlsetup-$name]" "name=$name, added by dlsetup" "baseurl=$address" \
    enabled=1 gpgcheck=1 >"$folder/repo"
  as_root rpm --import "$folder/key.asc" || stop "rpm could not import the key of $name"
  as_root install -D -m 644 "$folder/repo" "$file"
  rm -rf "$folder"
}
