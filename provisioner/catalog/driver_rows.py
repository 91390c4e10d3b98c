"""The rows about what goes with a driver: prebuilt modules, NVSwitches, the container toolkit."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class DriverParts(Row, frozen=True, kw_only=True):
    """What the archive of a system holds beside a driver's package, for that very driver."""

    os: str
    """``"ubuntu-24.04"``."""
    driver: str
    """The package that installs the driver."""
    modules: str | None = None
    """How the names of its prebuilt, signed modules begin; a kernel's name follows:
    ``linux-modules-nvidia-580-open`` of ``linux-modules-nvidia-580-open-6.8.0-45-generic``."""
    fabric_manager: str | None = None
    """The package of its fabric manager, which must be of the driver's very version."""


class Nvswitch(Row, frozen=True, kw_only=True):
    """A generation of NVSwitch: without a fabric manager CUDA does not start on its GPUs."""

    name: str
    device: str | None = None
    """Its PCI device, four lower-case hex digits; None where it is not a device of the host."""
    gpus: tuple[str, ...]
    """The GPUs that sit on boards with it, by the names that the driver prints. Some sit on boards
    without one too, so the machine is asked for the device."""
    needs: tuple[str, ...] = ()
    """What it takes besides the fabric manager: ``nvlsm``."""


class FamilyPackages(Row, frozen=True, kw_only=True):
    """Packages that scripts get by themselves on one family of systems."""

    family: str
    """As in ``os.toml``."""
    key_tools: tuple[str, ...]
    """What fetches the key of a publisher's repository, and checks it."""
    dkms_repository: str | None = None
    """What adds the repository in which dkms stands, where the system's own lack it."""
    version_lock: str | None = None
    """The plugin by which the package tool locks versions, where it cannot by itself."""


class ContainerToolkit(Row, frozen=True, kw_only=True):
    """The NVIDIA Container Toolkit for one family of systems and one processor."""

    family: str
    """As in ``os.toml``."""
    arch: str
    """``x86_64`` or ``aarch64``."""
    version: str
    """Of its packages, which are all of one version."""
    packages: tuple[str, ...]
    address: str
    """Of the repository."""
    key: str
    """Where the signing key lies."""
    fingerprint: str
