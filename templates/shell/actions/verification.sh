# --- Verification --------------------------------------------------------------------------------

verified=no

verified_now() {
  [[ $verified == yes ]]
}

# prove ARGUMENT… <PROGRAM: run Python in the environment, whatever GPUs this shell hides.
prove() {
  env -u CUDA_VISIBLE_DEVICES -u NVIDIA_VISIBLE_DEVICES \
    "$environment/bin/python" -I - "$@" || stop 'the environment does not prove itself, see above'
}

verification_passed() {
  local stamp=$environment/.dlsetup/verified
  if [[ $(cat "$stamp" 2>/dev/null) != "$PLAN" ]]; then printf '%s\n' "$PLAN" >"$stamp"; fi
  verified=yes
}
