verify_torch() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/torch.py.j2" %}
PYTHON
}
