# kernels: those that may be started here, and what brings the next ones: 6.8.0-45-generic, generic.
kernels() {
  {
    uname -r
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'linux-image-*' 2>/dev/null |
      sed -n 's/^installed linux-image-//p' || true
  } | sort -uV
}

# kernel_parts PREFIX: what apt has for them, by names that begin so.
kernel_parts() { { apt-cache pkgnames "$1"; kernels | sed "s/^/$1/"; } | sort | uniq -d; }

# signed_modules PACKAGE PREFIX: what makes apt bring them with it, for the kernel that starts next
# at least; that one in a newer version, whole, where the archive has those here of another driver
# only. Nothing where dkms would come too.
signed_modules() {
  local all metas parts plan next
  next=$(kernels | grep '^[0-9]' | tail -n 1)
  all=$(kernel_parts "$2-")
  metas=$(sed "/^$2-[0-9]/d" <<<"$all")
  for parts in "$all" "$2-$next"$'\n'"$metas" "$metas"$'\n'"${metas//$2-/linux-image-}"; do
    plan=$(xargs apt-get -s -y install "$1" <<<"$parts" 2>/dev/null) || continue
    next=$({ kernels && apt_new <<<"$plan" | sed -n 's/^linux-image-//p'; } |
      grep '^[0-9]' | sort -V | tail -n 1)
    [[ $plan == *"Inst $2-$next "* || -n $(installed_version "$2-$next") ]] || continue
    [[ $plan != *'Inst linux-image-'* || $parts == *linux-image-* ]] || continue
    [[ $plan == *'Inst nvidia-dkms-'* ]] || { echo "$parts" && return; }
  done
}

# enrolment: what to do before the reboot where the kernel takes only what an enrolled key signed.
enrolment() {
  local key=/var/lib/shim-signed/mok/MOK.der
  [[ $(od -A n -t u1 /sys/firmware/efi/efivars/SecureBoot-* 2>/dev/null) == *1 ]] || return 0
  [[ -e $key ]] || key=/var/lib/dkms/mok.pub
  [[ $(mokutil --test-key "$key" 2>/dev/null) != *'already enrolled'* ]] || return 0
  cat <<TEXT
  note: Secure Boot is on: the kernel takes the driver once the key it is signed with
  is enrolled. BEFORE the reboot run this, and make up a password when it asks for one:
      sudo mokutil --import $key
  AT the reboot a blue screen, "Perform MOK management", waits ten seconds for a key. Choose
      Enroll MOK > Continue > Yes > that password > Reboot
  If that is missed, give the command again and reboot once more.
TEXT
}

# of_no_driver: of the packages it reads, those that make up no driver, as the container toolkit.
of_no_driver() {
  grep -vE -e '^(firmware|lib(egl|gl1|gles|glx)|linux-(modules|objects|signatures))-nvidia' \
    -e '^libnvidia-([^cn]|c[^o]|com|n[^s])|^lib(cuda1|cudadebugger|nvcuvid|nvoptix|xnvctrl)' \
    -e '^nvidia-(alternative|compute-|dkms|driver|egl|firmware|headless|installer|kernel|legacy)' \
    -e '^nvidia-(modprobe|open|persistenced|prime|settings|smi|support|suspend|tesla|utils|vdpau)' \
    -e '^nvidia-(vulkan|xconfig)|^xserver-xorg-video-nvidia|^cuda-drivers(-[0-9]|$)'
}
