# repository_add NAME ADDRESS KEY FINGERPRINT PACKAGE: apt trusts it by this one key and no other.
# A source that already names ADDRESS is used as it is: apt refuses two that trust one address by
# different keys.
repository_add() {
  local list=/etc/apt/sources.list.d/dlsetup-$1.list ring=/etc/apt/keyrings/dlsetup-$1.asc added=()
  if [[ -e $list && ! -s $ring ]] || ! repository_named "$2"; then
    added=("$list" "$ring")
    repository_trust "$list" "$ring" "$@"
  fi
  if ! apt_refresh; then
    as_root rm -f "${added[@]}"
    stop "apt could not refresh its lists with the repository $1" "its own words are above"
  fi
  if [[ -z $(candidate_version "$5") ]]; then
    as_root rm -f "${added[@]}"
    stop "apt knows no $5" "it should stand in $2"
  fi
}

# repository_named ADDRESS: whether a source of apt names it, by apt's own reading of them.
repository_named() {
  local files
  files=$(as_root apt-get update --print-uris) || stop 'apt cannot read its own sources, see above'
  [[ $files == *"'${1%/}/InRelease'"* ]]
}

repository_trust() {
  local list=$1 ring=$2 name=$3 address=$4 key=$5 fingerprint=$6 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    # They fetch the key of the repository, and check it.
    system_packages_install {{ brings.key_tools | words }}
  fi
  folder=$(mktemp -d)
  curl --fail --silent --show-error --location --proto '=https' --output "$folder/key.asc" "$key" ||
    stop "the key of the repository $name could not be fetched from $key"
  keys=$(gpg --homedir "$folder" --batch --with-colons --show-keys "$folder/key.asc" |
    awk -F: '$1 == "pub" {primary = 1} $1 == "fpr" && primary {print $10; primary = 0}')
  [[ $keys == "$fingerprint" ]] || stop "the key of the repository $name is not the planned one" \
    "planned $fingerprint, found ${keys:-none}"
  # Whatever the umask: apt reads both files as a user of its own.
  printf 'deb [signed-by=%s] %s /\n' "$ring" "$address" >"$folder/list"
  printf '%s\n' "$list" "$ring" | remember
  as_root install -D -m 644 "$folder/key.asc" "$ring"
  as_root install -D -m 644 "$folder/list" "$list"
  rm -rf "$folder"
}
