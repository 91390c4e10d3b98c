# repository_add NAME ADDRESS KEY FINGERPRINT PACKAGE: packages are taken only if they are signed, and
# its key is trusted only if it is the planned one. One that {{ tool }} has already is used as it is.
repository_add() {
  local file={{ repositories }}/dlsetup-$1.repo
  if ! grep -qs "^baseurl *= *${2%/}/*\$" {{ repositories }}/*.repo; then
    repository_trust "$file" "$@"
    if ! repository_read "dlsetup-$1"; then
      as_root rm -f "$file"
      stop "{{ tool }} could not read the repository $1" 'its own words are above'
    fi
  fi
}

repository_trust() {
  local file=$1 name=$2 address=$3 key=$4 fingerprint=$5 folder keys
  if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
    # They fetch the key of the repository, and check it.
    packages_get {{ brings.key_tools | words }}
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
  echo "$file" | remember
  if ! rpm -qa 'gpg-pubkey*' | grep -qi "${fingerprint: -8}"; then
    echo "$fingerprint" >>"$made/keys"
    as_root rpm --import "$folder/key.asc"
  fi
  as_root install -D -m 644 "$folder/repo" "$file"
  rm -rf "$folder"
}

# key_forget: those that this script let rpm trust.
key_forget() {
  local key keys
  read -ra keys <<<"$(sort -u "$made/keys" 2>/dev/null | xargs)"
  for key in "${keys[@]}"; do
    as_root rpmkeys --delete "$key" 2>/dev/null ||
      as_root rpm --erase "gpg-pubkey-$(tail -c 9 <<<"${key,,}")"
  done
  rm -f "$made/keys"
}
