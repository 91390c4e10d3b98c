# container_toolkit_fits VERSION PACKAGE: the others of it are bound to the version of that one.
container_toolkit_fits() {
  [[ -n $(installed_version "$2") ]] && reaches "$(installed_version "$2")" "$1"
}

# containers_see_gpus: Docker, where it is, and CDI, which Podman and others read.
containers_see_gpus() {
  { ! own_docker || { docker_settings check && [[ ! -e $made/docker.restart ]]; }; } &&
    [[ $(nvidia-ctk cdi list 2>/dev/null) == *nvidia.com/gpu=all* ]]
}

containers_configure() {
  ask_root 'tell Docker and CDI of the GPUs, and restart Docker, which ends its containers'
  if own_docker && { ! docker_settings check || [[ -e $made/docker.restart ]]; }; then
    mkdir -p "$made" && touch "$made/docker.restart" # until Docker has read it
    [[ -e $made/docker.json ]] || cat /etc/docker/daemon.json >"$made/docker.json" 2>/dev/null || true
    as_root nvidia-ctk runtime configure --runtime=docker --cdi.enabled
    docker_settings keep
    restart_docker
    rm "$made/docker.restart"
  fi
  if ! as_root systemctl restart nvidia-cdi-refresh.service 2>/dev/null; then
    [[ -e /etc/cdi/nvidia.yaml ]] || echo /etc/cdi/nvidia.yaml | remember
    as_root nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
  fi
}

# containers_forget: what this script told Docker; for CDI the packages see to it themselves.
containers_forget() {
  [[ -e $made/docker.json ]] || return 0
  docker_settings forget "$made/docker.json"
  restart_docker
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

# docker_settings check|keep|forget BEFORE: systemd, told to read its units again, takes the GPUs
# from containers whose control groups it manages (NVML: "Unknown Error"): Docker shall manage them.
docker_settings() {
  local as=()
  [[ $1 == check ]] || as=(as_root)
  "${as[@]}" python3 - "$@" <<'PYTHON'
{% include "shell/docker_settings.py.j2" %}
PYTHON
}
