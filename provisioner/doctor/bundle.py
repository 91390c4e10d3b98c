"""One file for a report of a fault: what doctor saw and found, and what people ask for next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.doctor.anonymous import Anonymous
from provisioner.doctor.reading import again
from provisioner.doctor.symptoms import Symptoms
from provisioner.machine import Machine
from provisioner.plan import Warning
from provisioner.report import Finding
from provisioner.version import is_dotted

KIND = "dlsetup-doctor"
_SCHEMA = 1
_MARK = re.compile(rf'\s*\{{\s*"kind":\s*"{KIND}"')


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one look at a machine. Nothing in a file of it says whose machine it is."""

    kind: str = KIND
    schema: int = _SCHEMA
    made_by: str = ""
    """``dlsetup 1.2.3``."""
    machine: Machine
    findings: tuple[Finding, ...] = ()
    looked_at: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    environment: dict[str, Any] = {}
    """What the interpreter of the environment said of itself; empty where none was named."""
    seen: dict[str, tuple[str, ...]] = {}
    """What files and programs say, by title."""
    symptoms: Symptoms


def packed(bundle: Bundle, anonymous: Anonymous) -> bytes:
    """Return the file, without anything that says who it is of."""
    gpus = tuple(msgspec.structs.replace(gpu, uuid=None) for gpu in bundle.machine.gpus)
    machine = msgspec.structs.replace(bundle.machine, gpus=gpus)
    symptoms = msgspec.structs.replace(bundle.symptoms, text="", gpus=gpus)  # lines say it all
    told = msgspec.to_builtins(msgspec.structs.replace(bundle, machine=machine, symptoms=symptoms))
    # The kind comes first: a reader knows the file by it.
    return msgspec.json.format(msgspec.json.encode(anonymous.value(told)), indent=1) + b"\n"


def is_bundle(text: str) -> bool:
    """Whether a text is such a file, whole or not."""
    return _MARK.match(text) is not None


def opened(text: str, catalog: Catalog) -> Bundle:
    """Return what such a file holds, its lines read again.

    Raises ValueError for one that was cut or changed.
    """
    try:
        found = msgspec.json.decode(text, type=Bundle)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not all(map(is_dotted, filter(None, _versions(found)))):
        raise ValueError("a version in it is none")
    return msgspec.structs.replace(found, symptoms=again(found.symptoms, catalog))


def _versions(found: Bundle) -> Iterator[str | None]:
    """What is compared as numbers. Packages have versions of any kind."""
    told, driver = found.symptoms, found.machine.driver
    yield from (driver.version, driver.cuda) if driver else ()
    yield from (told.driver, told.module, told.driver_cuda, told.toolkit)
    yield from (told.gcc, told.glibc, told.python)
    yield from (gpu.compute_capability for gpu in (*found.machine.gpus, *told.gpus))
