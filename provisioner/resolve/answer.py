"""From the solver's candidates to the Plan: pins with their reasons, the driver, the warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Build, Cuda, Library
from provisioner.machine import Machine
from provisioner.plan import Constraint, DriverPlan, HostCompiler, Pin, Plan, Warning
from provisioner.request import Wish
from provisioner.resolve import (
    compilers,
    devices,
    documented,
    edges,
    host_compiler,
    host_parts,
    processors,
)
from provisioner.resolve.builds import Builds, route_of
from provisioner.resolve.candidates import DRIVER, PYTHON, Candidate
from provisioner.resolve.companions import bounds
from provisioner.resolve.conda import conda_libraries
from provisioner.resolve.drivers import Scenario, drives, last_branch
from provisioner.resolve.facts import Facts, highest
from provisioner.resolve.gpu_needs import flaws
from provisioner.resolve.packages import cudnn_left_open
from provisioner.version import at_least, minor, order


def plan_of(
    facts: Facts,
    wishes: Sequence[Wish],
    found: Mapping[str, Candidate],
    scenario: Scenario,
) -> Plan:
    """Return the plan for a solution, without what was refused and without alternatives."""
    by_name = {wish.name: wish for wish in wishes}
    builds = Builds(facts, by_name)
    chosen = _chosen(by_name, found)
    framework_rows = [item.row for item in chosen if isinstance(item.row, Build)]
    via = _via(facts, [item.row for item in chosen])
    pins = tuple(
        pin
        for item in chosen
        if (pin := _pin(facts, by_name.get(item.on), item, found)) is not None
    )
    pins += conda_libraries(facts, framework_rows) if via == "conda" else ()
    pins += compilers.parts(facts, found)
    cuda, cudnn = _newest(pin.cuda for pin in pins), _newest(pin.cudnn for pin in pins)
    on_gpu = bool(facts.gpus) and cuda is not None
    driver = _driver(facts, builds, chosen, found, scenario)
    plan = Plan(
        machine=facts.machine,
        request=facts.request,
        via=via,
        python=found[PYTHON].version if PYTHON in found else facts.python_order[0],
        accelerator=devices.accelerator_of(facts, framework_rows) if not on_gpu else "cuda",
        cuda=minor(cuda) if on_gpu and cuda else None,
        cudnn=minor(cudnn) if on_gpu and cudnn else None,
        driver=driver,
        pins=pins,
        image=next((row.image for row in framework_rows if row.image), None),
        host_compiler=_host_compiler(facts, found),
        download_bytes=_sum(row.download_bytes for row in framework_rows),
        disk_bytes=_sum(row.disk_bytes for row in framework_rows),
        constraints=tuple(_constraints(facts, framework_rows)),
        warnings=(
            *_machine_warnings(facts, framework_rows),
            *_compiler_warnings(facts, found),
            *host_parts.warnings(facts, driver),
            *(
                Warning(flaw.reference, f"{row.framework} {row.version}: {flaw.reason}")
                for row in framework_rows
                for flaw in flaws(facts, row)
            ),
        ),
    )
    return edges.told(facts, plan)


def _chosen(wishes: Mapping[str, Wish], found: Mapping[str, Candidate]) -> list[Candidate]:
    """What becomes pins: asked for first, in the order asked, then what that brought along."""
    asked = [found[name] for name in wishes if name in found]
    brought = [found[name] for name in sorted(found) if name not in wishes]
    return asked + [item for item in brought if isinstance(item.row, Build | Library | Cuda)]


def _via(facts: Facts, rows: Sequence[object]) -> str:
    builds = [row for row in rows if isinstance(row, Build)]
    routes = {route_of(row, computes_on_gpu=bool(facts.gpus)) for row in builds}
    if "container" in routes:
        return "container"
    if routes & {"conda", "conda-libraries"} or any(
        isinstance(row, Library) and row.via == "conda" for row in rows
    ):
        return "conda"
    if not rows and facts.request.via:
        return facts.request.via
    return "pip"


def _pin(
    facts: Facts, wish: Wish | None, item: Candidate, found: Mapping[str, Candidate]
) -> Pin | None:
    row = item.row
    if isinstance(row, Build):
        name = Builds(facts, {}).sibling(row)
        return _build_pin(facts, wish, item, found.get(name or "", item))
    if isinstance(row, Cuda):
        compiler = found.get("nvcc")
        channel = compiler.row.channel if compiler else None
        if channel is not None:
            return _bound_pin(item, row, channel)
        return _toolkit_pin(facts, item, row, asked=wish is not None)
    cudnn = row.package.startswith("nvidia-cudnn")
    if wish is None and not (cudnn and _left_open(row, found)):
        return None
    return Pin(
        name=item.on,
        version=item.version,
        cuda=row.cuda if "." in row.cuda else None,
        cudnn=item.version if cudnn else None,
        serves=item.serves,
        evidence=row.kind,
        requirement=f"{row.package}{'==' if row.via == 'pip' else '='}{item.version}",
        channel=row.channel,
        why=tuple(_library_reasons(facts, wish, row)),
    )


def _library_reasons(facts: Facts, wish: Wish | None, row: Library) -> Iterator[str]:
    if wish is not None:
        yield f"you asked for {wish.text}"
        fitting = " that serves the GPUs" if facts.gpus else ""
        yield f"the newest {row.package}{fitting}: {row.evidence}"
        if "nvcc" in row.package and (compilers := host_compiler.told(facts, row.version)):
            yield compilers
        return
    yield "a framework leaves its version open, so one is chosen that serves the GPUs"
    if row.driver_floor is not None:
        yield f"the newest whose driver floor is documented: {row.evidence}"


def _build_pin(facts: Facts, wish: Wish | None, item: Candidate, deciding: Candidate) -> Pin:
    """The pin of a build; ``deciding`` is the build it extends, or itself."""
    row: Build = item.row
    on_gpu = bool(facts.gpus)
    extras = set(wish.extras if wish else ())
    if row.extra and (on_gpu or row.cuda is None):
        extras.add(row.extra)
    elif row.extra:
        extras.discard(row.extra)
    bracket = f"[{','.join(sorted(extras))}]" if extras else ""
    local = f"+{row.variant}" if row.index and "+" not in row.version and row.via == "pip" else ""
    version = f"{row.version}{local}"
    requirement = {
        "pip": f"{row.framework}{bracket}=={version}",
        "conda": f"{_conda_name(row)}={row.version}"
        + (f"={row.build_string}" if row.build_string else ""),
    }.get(row.via)
    return Pin(
        name=row.framework,
        version=row.version,
        variant=row.variant,
        index=row.index,
        index_holds_dependencies=row.index_holds_dependencies,
        cuda=deciding.row.cuda if on_gpu else None,
        cudnn=deciding.row.cudnn if on_gpu else None,
        serves=deciding.serves,
        evidence=row.kind,
        why=tuple(dict.fromkeys(_reasons(facts, wish, deciding, row))),
        requirement=requirement,
        channel=row.channel,
    )


def _conda_name(row: Build) -> str:
    return row.package or row.framework


def _reasons(facts: Facts, wish: Wish | None, item: Candidate, row: Build) -> Iterator[str]:
    if wish is not None:
        yield f"you asked for {wish.text}"
    for served in item.serves:
        if served.kind == "validated":
            yield f"{served.gpu} is of the GPUs that it was validated with ({served.by})"
        elif served.kind == "sass":
            yield f"{served.gpu} runs its machine code for {served.by}"
        else:
            compiler = facts.compiler_floor_of(item.row.cuda or "")
            able = f": {compiler} or later can" if compiler else ""
            yield (
                f"{served.gpu} runs its PTX for {served.by}, compiled by the driver at first use"
                + able
            )
    if facts.accelerator == "mps" and (told := documented.on_apple(facts, row)):
        yield f"computes on Apple's GPU from macOS {told.system_floor} on: {told.evidence}"
    cuda = item.row.cuda
    if cuda and facts.gpus and (floor := facts.floor_of(cuda)):
        yield f"CUDA {cuda} runs on driver {floor} or later"
        for name, version in _first_drivers(facts):
            if not at_least(floor, version):
                yield f"{name} is driven from driver {version} on"
    if facts.gpus and item.row.driver_floor and not facts.has_windows_driver:
        yield f"its publisher asks for driver {item.row.driver_floor} or later"
    yield from processors.notes(facts, row)
    yield f"{row.kind}: {row.evidence}"


def _bound_pin(item: Candidate, row: Cuda, channel: str) -> Pin:
    """What keeps a channel's packages to one CUDA; its nvcc brings headers and runtime along."""
    return Pin(
        name="cuda",
        version=row.version,
        cuda=row.version,
        serves=item.serves,
        evidence="announced",
        why=(f"keeps what comes from {channel} to CUDA {row.version}",),
        requirement=f"cuda-version={row.version}",
        channel=channel,
    )


def _toolkit_pin(facts: Facts, item: Candidate, row: Cuda, *, asked: bool) -> Pin:
    """All that is in the toolkit where that was asked for, else no more than its name."""
    newest = f"the newest release of CUDA {row.version}"
    newest += ", whose compiler makes code for the GPUs" if facts.gpus else ""
    return Pin(
        name="cuda",
        version=item.version,
        cuda=row.version,
        serves=item.serves,
        why=tuple(filter(None, (newest, host_compiler.told(facts, item.version)))),
        requirement=f"cuda-toolkit{'[all]' if asked else ''}=={item.version}",
    )


def _left_open(row: Library, found: Mapping[str, Candidate]) -> bool:
    """Whether a framework of the plan leaves the version of this cuDNN open."""
    rows = (item.row for item in found.values())
    return any(isinstance(item, Build) and cudnn_left_open(item) == row.package for item in rows)


def _driver(
    facts: Facts,
    builds: Builds,
    chosen: Sequence[Candidate],
    found: Mapping[str, Candidate],
    scenario: Scenario,
) -> DriverPlan:
    driver = facts.machine.driver
    current = driver.version if driver else None
    if scenario.action == "none":
        return DriverPlan(action="none", current=current)
    floors = [
        need.floor
        for item in chosen
        for need in (builds.needs(item) if isinstance(item.row, Build) else item.needs)
        if need.on == DRIVER and need.floor
    ]
    floors += [version for _, version in _first_drivers(facts)]
    choice = found[DRIVER].row if DRIVER in found else scenario.choices[0]
    return DriverPlan(
        action=scenario.action,
        current=current,
        minimum=highest(floors),
        branch=choice.branch,
        flavour=None if facts.has_windows_driver else choice.flavour,
        last_branch=None if facts.has_windows_driver else last_branch(facts),
        package=None if facts.has_windows_driver else choice.package,
    )


def _first_drivers(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each GPU, with the first release of the branch that first drove it."""
    first = {row.branch: row.first_version for row in facts.catalog.drivers}
    for gpu in dict.fromkeys(facts.gpus) if not facts.has_windows_driver else ():
        row = facts.architectures.get(gpu.compute_capability or "")
        if row and row.first_driver_branch and (version := first.get(row.first_driver_branch)):
            yield gpu.name, version


def _constraints(facts: Facts, rows: Sequence[Build]) -> Iterator[Constraint]:
    for row in rows:
        for bound in bounds(facts, row):
            if bound.requirement:
                yield Constraint(bound.requirement, bound.reason, bound.evidence)
        if row.via == "conda":
            continue
        for cap in caps_on(facts.catalog.caps, row.framework, row.version):
            yield Constraint(cap.requirement, cap.reason, cap.evidence)


def _machine_warnings(facts: Facts, rows: Sequence[Build]) -> Iterator[Warning]:
    machine: Machine = facts.machine
    yield from devices.warnings(facts, rows)
    on_cpu = devices.accelerator_of(facts, rows) == "cpu"
    if (
        rows
        and on_cpu
        and not machine.gpus
        and machine.sources.get("gpus") not in {None, "option", "env"}
    ):
        yield Warning("no-gpu", "No GPU was found: this plan computes on the CPU.")
    yield from _driver_warnings(facts)
    if facts.system is None:
        text = f"The catalog does not know {machine.os_name}: nothing is said about its packages."
        yield Warning("unknown-os", text)
    known = {row.version: row for row in facts.catalog.pythons}
    if facts.request.python and facts.request.python not in known:
        yield Warning("unknown-python", f"The catalog does not know Python {facts.request.python}.")


def _compiler_warnings(facts: Facts, found: Mapping[str, Candidate]) -> Iterator[Warning]:
    compiler = found.get("nvcc") or found.get("cuda")
    if compiler is not None and getattr(compiler.row, "channel", None) is None:
        yield from host_compiler.warnings(facts, compiler.version)


def _host_compiler(facts: Facts, found: Mapping[str, Candidate]) -> HostCompiler | None:
    """What the nvcc of a wheel calls; a channel's nvcc comes with a compiler of the channel."""
    compiler = found.get("nvcc") or found.get("cuda")
    if compiler is None or getattr(compiler.row, "channel", None) is not None:
        return None
    return host_compiler.chosen(facts, compiler.version)


def _driver_warnings(facts: Facts) -> Iterator[Warning]:
    """A driver that runs and does not drive a GPU: why it is not kept."""
    driver = facts.machine.driver
    if driver is None or driver.version is None or facts.has_windows_driver:
        return
    loaded = driver.kernel_module_version
    if loaded and loaded != driver.version:
        text = f"Kernel module {loaded} and driver {driver.version} differ: reboot before all else."
        yield Warning("nvml-mismatch", text)
    for gpu in dict.fromkeys(facts.gpus):
        row = facts.architectures[gpu.compute_capability or ""]
        if not drives(driver.version.partition(".")[0], row):
            first, last = row.first_driver_branch or "?", row.last_driver_branch or "now"
            text = (
                f"Driver {driver.version} does not drive {gpu.name}: branches {first} to {last} do."
            )
            yield Warning("gpu-not-driven", text)


def _sum(known: Iterable[int | None]) -> int | None:
    """The sum of sizes in bytes; None where one is not known: half a sum is worse than none."""
    sizes = list(known)
    return sum(size for size in sizes if size) if sizes and all(sizes) else None


def _newest(versions: Iterator[str | None]) -> str | None:
    return max((version for version in versions if version), key=order, default=None)
