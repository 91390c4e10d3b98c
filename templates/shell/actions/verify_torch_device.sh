verify_torch_device() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/torch_device.py.j2" %}
PYTHON
}
