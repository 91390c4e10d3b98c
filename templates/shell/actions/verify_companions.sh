verify_companions() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/companions.py.j2" %}
PYTHON
}
