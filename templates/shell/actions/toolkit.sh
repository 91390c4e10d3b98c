# --- The NVIDIA Container Toolkit ----------------------------------------------------------------

# toolkit_fits VERSION PACKAGE…
toolkit_fits() {
  local wanted=$1 package installed
  shift
  for package in "$@"; do
    installed=$(installed_version "$package")
    [[ -n $installed ]] && reaches "$installed" "$wanted" || return 1
  done
}

# toolkit_repository NAME ADDRESS KEY FINGERPRINT: apt trusts it by this one key and no other.
toolkit_repository() {
  local list=/etc/apt/sources.list.d/dlsetup-$1.list ring=/etc/apt/keyrings/dlsetup-$1.asc added=no
  ask_root toolkit "add the repository $1 ($2), if apt lacks it, and install the toolkit from it"
  if ! repository_named "$2"; then
    added=yes
    repository_trust "$list" "$ring" "$@"
  fi
  if ! apt_refreshed; then
    repository_forget "$added" "$list" "$ring"
    stop "apt could not refresh its lists with the repository $1" 'its own words are above'
  fi
}

# toolkit_install VERSION PACKAGE…: all in one version, since they work together in no other way.
toolkit_install() {
  local version=$1 wanted
  shift
  wanted=("${@/%/=$version}")
  if ! command -v python3 >/dev/null; then wanted+=(python3); fi
  apt_get install --no-install-recommends "${wanted[@]}" ||
    stop "apt could not install $1 $version" 'its own words are above'
}

# containers_see_gpus: Docker, where it is, and CDI, which Podman and others read.
containers_see_gpus() {
  { ! own_docker || docker_settings check; } &&
    [[ $(nvidia-ctk cdi list 2>/dev/null) == *nvidia.com/gpu=all* ]]
}

containers_configure() {
  if own_docker && ! docker_settings check; then
    ask_root docker 'tell Docker of the GPUs and restart it, which ends the containers that run'
    as_root nvidia-ctk runtime configure --runtime=docker --cdi.enabled ||
      stop 'nvidia-ctk could not configure Docker' 'its own words are above'
    docker_settings keep || stop 'Docker could not be told how to keep GPUs' 'see above'
    restart_docker || stop 'Docker does not start again' 'see: journalctl -u docker'
  fi
  ask_root docker 'write down for CDI which GPUs there are'
  if ! as_root systemctl restart nvidia-cdi-refresh.service 2>/dev/null; then
    as_root nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml ||
      stop 'nvidia-ctk could not write down the GPUs for CDI' 'does the driver run? see: nvidia-smi'
  fi
}

# own_docker: whether Docker's daemon is this system's; Docker Desktop's has its own toolkit.
own_docker() {
  command -v docker >/dev/null && [[ $(docker info 2>/dev/null) != *'Docker Desktop'* ]]
}

restart_docker() {
  if [[ -d /run/systemd/system ]]; then as_root systemctl restart docker; else
    as_root service docker restart
  fi
}

# docker_settings check|keep: systemd, told to read its units again, takes the GPUs from containers
# whose control groups it manages (NVML then says "Unknown Error"), so Docker shall manage them.
docker_settings() {
  local as=()
  if [[ $1 == keep ]]; then as=(as_root); fi
  "${as[@]}" python3 - "$1" <<'PYTHON'
import json, os, sys

path = "/etc/docker/daemon.json"
try:
    text = open(path).read() if os.path.exists(path) else ""
    settings = json.loads(text) if text.strip() else {}
except (OSError, ValueError) as error:
    sys.exit("%s cannot be read: %s" % (path, error) if sys.argv[1] == "keep" else 1)
options = settings.setdefault("exec-opts", [])
managed = [option for option in options if option.startswith("native.cgroupdriver=")]
if sys.argv[1] == "check":
    sys.exit(not (managed and "nvidia" in settings.get("runtimes", {})))
if "native.cgroupdriver=systemd" in managed:
    print("  note: Docker leaves control groups to systemd, as somebody chose. Start containers")
    print("  with --device nvidia.com/gpu=all instead of --gpus: those keep their GPUs.")
if not managed:
    options.append("native.cgroupdriver=cgroupfs")
    with open(path + ".new", "w") as file:
        json.dump(settings, file, indent=4)
    os.replace(path + ".new", path)
PYTHON
}
