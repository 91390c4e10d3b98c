secure_boot() {
  local variables=(/sys/firmware/efi/efivars/SecureBoot-*)
  if command -v mokutil >/dev/null; then
    [[ $(mokutil --sb-state 2>/dev/null) == *'SecureBoot enabled'* ]]
  else
    [[ -r ${variables[0]} && $(od -A n -t u1 "${variables[0]}") == *1 ]]
  fi
}

# enrolment: what to do before the reboot where dkms signed the modules with this machine's own key.
enrolment() {
  local key
  for key in /var/lib/shim-signed/mok/MOK.der /var/lib/dkms/mok.pub; do
    if [[ -e $key ]]; then break; fi
  done
  if [[ $(mokutil --test-key "$key" 2>/dev/null) == *'already enrolled'* ]]; then return; fi
  printf '  %s\n' 'note: Secure Boot is on: the kernel takes the driver once the key it is signed with' \
    'is enrolled. BEFORE the reboot run this, and make up a password when it asks for one:' \
    "    sudo mokutil --import $key" \
    'AT the reboot a blue screen, "Perform MOK management", waits ten seconds for a key. Choose' \
    '    Enroll MOK > Continue > Yes > that password > Reboot' \
    'If that is missed, give the command again and reboot once more.'
}
