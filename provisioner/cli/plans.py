"""A plan for people: the answer first, then what, why, why not the rest, and what would change."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.cli.display import Block, show
from provisioner.plan import Pin, Plan
from provisioner.request import parse_wish
from provisioner.resolve.wording import listed
from provisioner.sizes import human
from provisioner.version import minor

_SHOWN = 5


def show_plan(plan: Plan) -> None:
    """Print a plan for people: the answer first, then what stands behind it."""
    show(plan_blocks(plan), first=answer_of(plan))


def answer_of(plan: Plan) -> tuple[str, ...]:
    """The plan in two sentences: what to install from where, and what happens to the driver."""
    return tuple(line for line in (_installed(plan), _driver(plan)) if line)


def _installed(plan: Plan) -> str:
    asked = [parse_wish(text).name for text in plan.request.requirements]
    chosen = plan.pins[: len(asked)]
    names = listed(f"{pin.name} {pin.version}{_variant(pin)}" for pin in chosen)
    if plan.is_for_host:
        return f"Install {_host(plan)} on the machine, so that containers see its GPUs."
    if not names:
        return "Nothing of this is chosen here: the installer decides on all of it."
    if plan.image:
        return f"Run the image {plan.image}: it holds {names} on Python {plan.python}."
    places = listed(_place(pin) for pin in chosen)
    brought = [pin for pin in plan.pins if pin.channel and pin not in chosen]
    if brought and not any(pin.channel for pin in chosen):
        libraries = listed(f"{pin.name} {pin.version}" for pin in brought)
        channel = listed(_place(pin) for pin in brought)
        return (
            f"Install {names} with pip on Python {plan.python}, from {places}, in a conda "
            f"environment with {libraries} from {channel}."
        )
    return f"Install {names} with {plan.via} on Python {plan.python}, from {places}."


def _host(plan: Plan) -> str:
    """What the machine itself gets, in the words of its step where that is known."""
    titles = [step.title for step in plan.steps if step.id == "container_toolkit"]
    return listed(titles or plan.request.host)


_DRIVERLESS = {
    "rocm": "It computes on AMD's GPU, whose kernel driver has to be there: it is not looked at.",
    "xpu": "It computes on Intel's GPU, whose driver has to be there: it is not looked at.",
    "mps": "It computes on Apple's GPU, and needs no driver.",
    "cpu": "It computes on the CPU, and needs no driver.",
    "cuda": "It computes on NVIDIA's GPU.",
}
"""What is said where nothing is done about NVIDIA's driver."""


def _driver(plan: Plan) -> str:
    if release := compiles_for(plan):
        return f"It compiles for every GPU that CUDA {release} knows, and needs no GPU or driver."
    driver = plan.driver
    branch = f"branch {driver.branch}" + (f", {driver.flavour} module" if driver.flavour else "")
    package = f"{branch}, package {driver.package}" if driver.package else branch
    enough = f"{driver.minimum} or later is enough" if driver.minimum else "any will do"
    needed = f"{driver.minimum} or later is needed" if driver.minimum else "any will do"
    if plan.machine.os.wsl and driver.action == "ensure":
        return f"It needs Windows' driver {driver.minimum} or later; {branch} is one, for Windows."
    return {
        "keep": f"Keep driver {driver.current}: {enough}.",
        "install": f"Install the driver first ({package}): {needed}.",
        "upgrade": f"Upgrade the driver {driver.current} first ({package}): {needed}.",
        "ensure": f"It needs driver {driver.minimum} or later; without one, install {package}.",
    }.get(driver.action, _DRIVERLESS[plan.accelerator])


def compiles_for(plan: Plan) -> str | None:
    """The CUDA of a plan that holds a compiler, nothing that computes, and no GPU; else None."""
    wishes = map(parse_wish, plan.request.requirements)
    compilers = (pin for pin in plan.pins if pin.name in {"nvcc", "cuda"})
    compiler = next(compilers, None)
    if compiler is None or plan.accelerator != "cpu" or not all(w.is_component for w in wishes):
        return None
    return minor(compiler.version)


def computes(plan: Plan) -> tuple[str, str]:
    """What a plan computes on, or compiles for, as a title and its words."""
    if release := compiles_for(plan):
        return "compiles for", f"GPUs that CUDA {release} knows; --gpu sm_89 is for one alone"
    return "computes on", plan.accelerator + (f" {plan.cuda}" if plan.cuda else "")


def _variant(pin: Pin) -> str:
    return "" if pin.variant == "default" else f" ({pin.variant})"


def _place(pin: Pin) -> str:
    return pin.index or (f"channel {pin.channel}" if pin.channel else "the default index")


def plan_blocks(plan: Plan) -> list[Block]:
    """The blocks that describe a plan, below the answer."""
    return [
        Block("Plan", _summary(plan)),
        Block("Packages", tuple(_package(pin) for pin in plan.pins)),
        Block("Why", tuple(_reasons(plan))),
        Block("Good to know", tuple((note.message,) for note in plan.notes)),
        Block("Also pinned", tuple((cap.requirement, cap.reason) for cap in plan.constraints)),
        Block("Companions", tuple((text,) for text in plan.request.companions)),
        Block("Refused", tuple(_refused(plan))),
        Block(
            "With one change",
            tuple((way.change, f"gives {way.gives}") for way in plan.alternatives),
        ),
    ]


def _summary(plan: Plan) -> tuple[tuple[str, ...], ...]:
    own = "Apple's GPU" if plan.accelerator == "mps" else "no GPU"
    gpus = _counted([gpu.name for gpu in plan.machine.gpus]) or own
    rows = [
        ("for", f"{gpus}, {plan.machine.os_name} {plan.machine.arch}"),
        computes(plan),
        ("cudnn", plan.cudnn or ""),
        ("the machine", _host(plan) if plan.request.host else ""),
        ("download", _sizes(plan)),
    ]
    return tuple(row for row in rows if row[1])


def _sizes(plan: Plan) -> str:
    """What the pins themselves take; what they depend on is known once it is locked."""
    sizes = (("", plan.download_bytes), ("on disk", plan.disk_bytes))
    told = [f"{human(size)} {where}".rstrip() for where, size in sizes if size]
    return f"{', '.join(told)}, without what they depend on" if told else ""


def _counted(names: list[str]) -> str:
    """Names in their order, each once: ``8 x NVIDIA H100``."""
    times = {name: names.count(name) for name in names}
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in times.items())


def _package(pin: Pin) -> tuple[str, ...]:
    place = pin.index or (f"channel {pin.channel}" if pin.channel else "default index")
    if pin.requirement is None:
        place = "inside the image"
    return pin.name, pin.version, pin.variant, f"{place} ({pin.evidence})"


def _reasons(plan: Plan) -> Iterator[tuple[str, str]]:
    """Each reason once, with the packages that it is for; of its evidence the first part."""
    names: dict[str, list[str]] = {}
    for pin in plan.pins:
        for reason in pin.why:
            if reason != f"you asked for {pin.name}":
                names.setdefault(reason.partition(";")[0], []).append(pin.name)
    yield from ((", ".join(dict.fromkeys(pins)), reason) for reason, pins in names.items())


def _refused(plan: Plan) -> Iterator[tuple[str, str]]:
    """The newest candidate refused for each reason."""
    first = {item.reference: item for item in reversed(plan.refused)}
    newest = [item for item in plan.refused if first[item.reference] is item][:_SHOWN]
    yield from ((item.candidate, f"{item.reference}: {item.reason}") for item in newest)
    hidden = len(plan.refused) - len(newest)
    if hidden:
        yield f"and {hidden} more", "see --json"
