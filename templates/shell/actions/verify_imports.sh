verify_imports() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/imports.py.j2" %}
PYTHON
}
