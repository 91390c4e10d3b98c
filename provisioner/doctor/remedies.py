"""What to do about a cause on one machine: rows, filled in by the resolver and the machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from string import Formatter

from provisioner.catalog.beside import fabric_managers, parts_of, toolkit
from provisioner.catalog.find import names_of_system
from provisioner.catalog.rows import Repository
from provisioner.doctor.patient import Patient
from provisioner.plan import Pin, Plan
from provisioner.recipes.driver import package_for
from provisioner.version import minor, order

_TENSORFLOW_1, _TENSORFLOW_2 = "tensorflow<2", "tensorflow>=2"
_PLACEHOLDER = Formatter()
_FAMILIES = {"debian": "debian-family", "redhat": "red-hat-family", "suse": "suse-family"}


def fixes(reference: str, patient: Patient, held: frozenset[str]) -> tuple[str, ...]:
    """Return what to do, in order; ``held`` are the signs and predicates that hold."""
    known = held | frozenset(_conditions(patient))
    found = (
        _filled(row.fix, patient)
        for row in patient.catalog.remedies
        if row.reference == reference
        and known.issuperset(row.when)
        and not known.intersection(row.unless)
    )
    return tuple(dict.fromkeys(text for text in found if text))


def _filled(text: str, patient: Patient) -> str | None:
    """A row's words with its placeholders filled; None where one of them has no answer."""
    names = [name for _, name, _, _ in _PLACEHOLDER.parse(_escaped(text)) if name]
    values = {}
    for name in names:
        value = _VALUES[name](patient)
        if value is None:
            return None
        values[name] = value
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _escaped(text: str) -> str:
    """The words with every brace doubled that starts no placeholder."""
    return re.sub(r"\{(?![a-z_0-9]+\})|(?<!\w)\}|\}(?<![a-z_0-9]\})", lambda m: m[0] * 2, text)


def _conditions(patient: Patient) -> Iterator[str]:
    """What rows may ask of the machine beside the predicates of symptoms."""
    rows = [row for row in patient.catalog.systems if row.id == patient.machine.os.id]
    yield from (_FAMILIES[row.family] for row in rows[:1] if row.family in _FAMILIES)
    told = {
        "package-known": _driver_package(patient),
        "fabric-known": _fabric_manager(patient),
        "repository-known": _repository(patient),
        "windows-driver": patient.symptoms.family == "windows" or patient.symptoms.wsl,
        "torch-named": patient.framework == "torch",
    }
    yield from (name for name, holds in told.items() if holds)


def _usual(patient: Patient) -> Plan | None:
    """The plan for the framework that somebody wants to run, where a GPU is known."""
    return patient.plan(patient.framework) if patient.machine.gpus else None


def _told(plan: Plan | None, name: str) -> str | None:
    pins = [_pin_text(pin) for pin in plan.pins if pin.name == name] if plan else []
    return pins[0] if pins else None


def _pin_text(pin: Pin) -> str:
    """A pin as one would write it, with the place that it comes from."""
    if pin.requirement is None:
        return f"{pin.name} {pin.version}, inside an image"
    place = f"channel {pin.channel}" if pin.channel else pin.index
    return f"{pin.requirement} from {place or 'the default index'}"


def _build(patient: Patient) -> str | None:
    return _told(_usual(patient), patient.framework)


def _build_for_driver(patient: Patient) -> str | None:
    if patient.machine.driver is None or not patient.machine.gpus:
        return None
    return _told(patient.plan(patient.framework, keep_driver=True), patient.framework)


def _same_release(patient: Patient) -> str | None:
    """The release that was wanted, on a Python that it has."""
    package = patient.symptoms.package(patient.framework)
    if package is None:
        return None
    words = f"{package.name}=={package.version}"
    return _told(patient.plan(words), package.name)


def _plan_python(patient: Patient) -> str | None:
    package = patient.symptoms.package(patient.framework)
    plan = patient.plan(f"{package.name}=={package.version}") if package else None
    return plan.python if plan else None


def _minimum_driver(patient: Patient) -> str | None:
    plan = _usual(patient)
    return plan.driver.minimum if plan else None


def _driver_package(patient: Patient) -> str | None:
    plan = _with_driver(patient)
    row = package_for(plan, patient.catalog) if plan else None
    return row.package if row else None


def _with_driver(patient: Patient) -> Plan | None:
    """The plan for a machine of this kind whose driver may be replaced."""
    import msgspec

    if not patient.machine.gpus or not patient.system:
        return None
    machine = msgspec.structs.replace(
        patient.machine, driver=None, sources={**patient.machine.sources, "driver": "none"}
    )
    fresh = Patient(patient.symptoms, patient.catalog, machine)
    return fresh.plan(patient.framework)


def _modules_package(patient: Patient) -> str | None:
    parts = parts_of(patient.catalog, patient.machine, _driver_package(patient))
    modules = parts.modules if parts else None
    return f"{modules}-generic" if modules else None


def _fabric_manager(patient: Patient) -> str | None:
    """The fabric manager of the branch that runs, where the archive has it."""
    driver = patient.symptoms.driver or (
        patient.machine.driver.version if patient.machine.driver else None
    )
    for name in fabric_managers(patient.catalog, patient.machine):
        if driver and name.endswith(f"-{driver.partition('.')[0]}"):
            return name
    return None


def _flavour(patient: Patient) -> str | None:
    plan = _with_driver(patient) or _usual(patient)
    return plan.driver.flavour if plan else None


def _repository(patient: Patient) -> Repository | None:
    names = names_of_system(patient.catalog, patient.machine.os.id, patient.machine.os.version)
    rows = (row for row in patient.catalog.repositories if row.os in names)
    return next(rows, None)


def _key(patient: Patient) -> str | None:
    row = _repository(patient)
    return row.key if row else None


def _key_fingerprint(patient: Patient) -> str | None:
    row = _repository(patient)
    return row.fingerprint if row else None


def _command(*words: str) -> Callable[[Patient], str | None]:
    def rendered(patient: Patient) -> str | None:
        named = [patient.framework if word == "FRAMEWORK" else word for word in words]
        if patient.plan(" ".join(named[2:])) is None:
            return None
        return shlex.join(["dlsetup", *named, *patient.options])

    return rendered


def _refusal(patient: Patient) -> str | None:
    if not patient.machine.gpus:
        return None
    return patient.refusal(patient.framework)


def _toolkit_packages(patient: Patient) -> str | None:
    row = toolkit(patient.catalog, patient.machine)
    return row.packages[0] if row else None


def _toolkit_render(patient: Patient) -> str | None:
    return shlex.join(["dlsetup", "render", "script", "nvidia-container-toolkit", *patient.options])


def _image(patient: Patient) -> str | None:
    """A small image whose CUDA the driver speaks."""
    speaks = patient.symptoms.driver_cuda
    rows = [row for row in patient.catalog.images if row.cuda and "-base-" in row.image]
    fitting = [row for row in rows if not speaks or order(row.cuda or "0") <= order(speaks)]
    best = max(fitting, key=lambda row: order(row.cuda or "0"), default=None)
    return best.image if best else None


def _cudnn(patient: Patient) -> str | None:
    plan = _usual(patient)
    return plan.cudnn if plan else None


def _build_cuda(patient: Patient) -> str | None:
    """The CUDA of the framework that is installed."""
    for package in patient.symptoms.packages:
        match = re.match(r"cu(\d{2})(\d)", package.local)
        if match and package.name == patient.framework:
            return f"{match[1]}.{match[2]}"
    return None


def _numbers_cap(name: str) -> Callable[[Patient], str | None]:
    def capped(patient: Patient) -> str | None:
        for package in patient.symptoms.packages:
            plan = patient.plan(f"{package.name}=={package.version}")
            for cap in plan.constraints if plan else ():
                if cap.requirement.startswith(name):
                    return f"pip install {shlex.quote(cap.requirement)}: {cap.reason}"
        return None

    return capped


def _newest_gcc(patient: Patient) -> str | None:
    wanted = patient.symptoms.toolkit
    rows = (row for row in patient.catalog.cuda if wanted and row.version == minor(wanted))
    row = next(rows, None)
    return row.host_compilers[-1].gcc if row and row.host_compilers else None


def _tf1_python(patient: Patient) -> str | None:
    plan = patient.plan(_TENSORFLOW_1)
    return plan.python if plan else None


def _siblings(patient: Patient) -> str | None:
    package = patient.symptoms.package("torch")
    plan = patient.plan(f"torch=={package.version} torchvision") if package else None
    pins = [_pin_text(pin) for pin in plan.pins if pin.name == "torchvision"] if plan else []
    return pins[0] if pins else None


def _frameworks(patient: Patient) -> str | None:
    named = [n for n in ("torch", "tensorflow", "jax") if n in patient.symptoms.text]
    return " ".join(named) if len(named) > 1 else None


def _gpu(patient: Patient) -> str | None:
    return patient.machine.gpus[0].name if patient.machine.gpus else None


_VALUES: dict[str, Callable[[Patient], str | None]] = {
    "build": _build,
    "build_for_driver": _build_for_driver,
    "build_cuda": _build_cuda,
    "same_release": _same_release,
    "plan_python": _plan_python,
    "minimum_driver": _minimum_driver,
    "driver_package": _driver_package,
    "modules_package": _modules_package,
    "fabric_manager": _fabric_manager,
    "flavour": _flavour,
    "key": _key,
    "key_fingerprint": _key_fingerprint,
    "render": _command("render", "script", "FRAMEWORK"),
    "container_render": _command("render", "dockerfile", "FRAMEWORK"),
    "cuda_dev_render": _command("render", "script", "cuda-dev"),
    "tf1_render": _command("render", "script", "tf1"),
    "tf2_build": lambda patient: _told(patient.plan(_TENSORFLOW_2), "tensorflow"),
    "tf1_python": _tf1_python,
    "refusal": _refusal,
    "toolkit_packages": _toolkit_packages,
    "toolkit_render": _toolkit_render,
    "image": _image,
    "cudnn": _cudnn,
    "numpy_cap": _numbers_cap("numpy"),
    "protobuf_cap": _numbers_cap("protobuf"),
    "newest_gcc": _newest_gcc,
    "siblings": _siblings,
    "framework": lambda patient: patient.framework,
    "frameworks": _frameworks,
    "gpu": _gpu,
    "toolkit": lambda patient: patient.symptoms.toolkit or None,
    "driver": lambda patient: patient.symptoms.driver or None,
    "driver_cuda": lambda patient: patient.symptoms.driver_cuda or None,
}
