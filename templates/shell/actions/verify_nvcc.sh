verify_nvcc() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/nvcc.py.j2" %}
PYTHON
}
