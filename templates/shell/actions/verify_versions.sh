verify_versions() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/versions.py.j2" %}
PYTHON
}
