verify_jax() {
  prove "$@" <<'PYTHON'
{% include "shell/verify/jax.py.j2" %}
PYTHON
}
