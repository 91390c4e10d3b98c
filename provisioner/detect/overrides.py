"""Facts that the environment overrides: ``DLSETUP_OVERRIDE_<FACT>``.

FACT is the path of the fact in the machine's JSON, in capitals: ``ARCH``, ``OS_VERSION``,
``CPU_LEVEL``, ``MEMORY_BYTES``, ``DRIVER_VERSION``. Short forms: ``OS=ubuntu-22.04``,
``DRIVER=550.163.01`` or ``DRIVER=none``, ``GPUS=none`` or names of the catalog with commas between.
Lists and objects are written as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from provisioner.errors import UsageError
from provisioner.machine import Gpu, Machine
from provisioner.version import is_dotted

PREFIX = "DLSETUP_OVERRIDE_"
_SOURCE = "env"
_SHORT = {"gpu": "gpus"}
_NUMBERS_AND_FLAGS = ("memory_bytes", "os_wsl", "cpu_cores")


def overridden(
    machine: Machine, env: Mapping[str, str], gpu_by_name: Callable[[str], Gpu] | None = None
) -> Machine:
    """``machine`` with every fact that ``env`` overrides; its source becomes ``env``.

    ``gpu_by_name`` gives the catalog's GPU for a name and raises for an unknown one.
    Raises UsageError ``bad-override`` for an unknown fact or a value that does not fit it.
    """
    wishes = {name: value for name, value in sorted(env.items()) if name.startswith(PREFIX)}
    for name, value in wishes.items():
        machine = _with(machine, name, value.strip(), gpu_by_name)
    return machine


def _with(
    machine: Machine, name: str, value: str, gpu_by_name: Callable[[str], Gpu] | None
) -> Machine:
    path = _path_of(name)
    facts: dict[str, Any] = msgspec.to_builtins(machine)
    if path == ["gpus"] and value and value[0] != "[":
        facts["gpus"] = _gpus(name, value, gpu_by_name)
    elif len(path) == 1:
        facts[path[0]] = _whole(path[0], name, value)
    else:
        # A part of a driver that is not there describes one.
        facts[path[0]] = {"version": None, **(facts[path[0]] or {}), path[1]: _value(path, value)}
    facts["sources"] = {**facts["sources"], path[0]: _SOURCE}
    try:
        changed = msgspec.convert(facts, Machine, strict=False)
    except msgspec.ValidationError as problem:
        raise _bad(name, value, str(problem)) from problem
    if changed.driver and changed.driver.version and not is_dotted(changed.driver.version):
        raise _bad(name, value, "expected a version such as 535.183.01, or none")
    return changed


def _path_of(name: str) -> list[str]:
    fact = name[len(PREFIX) :].lower()
    fact = _SHORT.get(fact, fact)
    head, _, rest = fact.partition("_")
    parts = ("os", "cpu", "driver")
    known = set(Machine.__struct_fields__) - {"sources"}
    if fact in known:
        return [fact]
    if head in parts and rest in _fields_of(head):
        return [head, rest]
    raise UsageError(
        "bad-override",
        f"{name} names no fact of a machine.",
        context=(f"facts  {' '.join(sorted(known)).upper()}",),
        hint="A part is written after its whole: DLSETUP_OVERRIDE_OS_VERSION.",
    )


def _fields_of(head: str) -> tuple[str, ...]:
    from provisioner import machine

    structs = {"os": machine.OperatingSystem, "cpu": machine.Cpu, "driver": machine.Driver}
    return structs[head].__struct_fields__


def _whole(fact: str, name: str, value: str) -> Any:
    if fact == "os" and value[:1] != "{":
        # The names that --os takes: ubuntu-22.04, ubuntu-22.04-wsl2.
        wsl = value.endswith("-wsl2")
        id_, _, version = value.removesuffix("-wsl2").rpartition("-")
        if not id_:
            raise _bad(name, value, "expected a name and a version, such as ubuntu-22.04")
        return {"id": id_, "version": version, "wsl": wsl}
    if fact == "driver" and value[:1] != "{":
        return None if value == "none" else {"version": value}
    return _value([fact], value)


def _value(path: list[str], value: str) -> Any:
    """JSON where it must be, the text itself otherwise: ``22.04`` is a name, not a number."""
    if value == "none":
        return None
    if value[:1] in ("[", "{") or "_".join(path) in _NUMBERS_AND_FLAGS:
        try:
            return msgspec.json.decode(value)
        except (msgspec.MsgspecError, ValueError):
            return value
    return value


def _gpus(name: str, value: str, gpu_by_name: Callable[[str], Gpu] | None) -> list[dict[str, Any]]:
    if value.lower() == "none":
        return []
    if gpu_by_name is None:
        raise _bad(name, value, "GPUs by name need the catalog; write them as JSON")
    gpus = [gpu_by_name(word.strip()) for word in value.split(",") if word.strip()]
    return [msgspec.to_builtins(gpu) for gpu in gpus]


def _bad(name: str, value: str, why: str) -> UsageError:
    return UsageError(
        "bad-override",
        f"{name} has a value that does not fit: {value!r}.",
        context=(why,),
        hint=f"Unset {name}, or give it a value of the kind that `dlsetup detect --json` shows.",
    )
