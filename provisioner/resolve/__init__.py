"""Machine + request + catalog → Plan, or a refusal with its reasons."""

from __future__ import annotations

from provisioner.resolve.resolve import question_of, resolve

__all__ = ["question_of", "resolve"]
