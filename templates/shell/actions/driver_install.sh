secure_boot() {
  [[ $(od -A n -t u1 /sys/firmware/efi/efivars/SecureBoot-* 2>/dev/null) == *1 ]]
}

# of_no_driver: of the packages it reads, those that make up no driver, as the container toolkit.
of_no_driver() {
  grep -vE -e '^(firmware|lib(egl|gl1|gles|glx)|linux-(modules|objects|signatures))-nvidia' \
    -e '^libnvidia-([^cn]|c[^o]|com|n[^s])|^lib(cuda1|cudadebugger|nvcuvid|nvoptix|xnvctrl)' \
    -e '^nvidia-(alternative|compute-|dkms|driver|egl|firmware|headless|installer|kernel|legacy)' \
    -e '^nvidia-(modprobe|open|persistenced|prime|settings|smi|support|suspend|tesla|utils|vdpau)' \
    -e '^nvidia-(vulkan|xconfig)|^xserver-xorg-video-nvidia|^cuda-drivers(-[0-9]|$)'
}
