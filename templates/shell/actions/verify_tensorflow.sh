verify_tensorflow() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/tensorflow.py.j2" %}
PYTHON
}
