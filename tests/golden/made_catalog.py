"""A small catalog of fixed rows for the plans beside it.

Hashes of uv are the ones its index shows.
"""

from __future__ import annotations

from pathlib import Path

from provisioner.catalog import driver_rows, image_rows, rows, system_rows
from provisioner.catalog.load import Catalog

CHECKED = "2026-11-20"
UV_HASH = "sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984"
_NOBLE_580 = "580.178.04-0ubuntu0.24.04.1"
REPOSITORY = "https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/"
FINGERPRINT = "EB693B3035CD5710E231E123A4B469963BF863CC"
RPM_FINGERPRINT = "610C7B14E068A878070DA4E99CD0A493D42D0685"

_RPM_REPOSITORIES = ("rhel9", "fedora44", "opensuse15")

TOOLKIT = "1.20.1-1"
TOOLKIT_REPOSITORY = "https://nvidia.github.io/libnvidia-container/stable/deb/amd64/"
TOOLKIT_FINGERPRINT = "C95B321B61E88C1809C4F759DDCAE044F796ECB0"


def _toolkit(family: str) -> driver_rows.ContainerToolkit:
    packages = "deb/amd64" if family == "debian" else "rpm/x86_64"
    return driver_rows.ContainerToolkit(
        family=family,
        arch="x86_64",
        version=TOOLKIT,
        packages=(
            "nvidia-container-toolkit",
            "nvidia-container-toolkit-base",
            "libnvidia-container-tools",
            "libnvidia-container1",
        ),
        address=TOOLKIT_REPOSITORY.replace("deb/amd64", packages),
        key="https://nvidia.github.io/libnvidia-container/gpgkey",
        fingerprint=TOOLKIT_FINGERPRINT,
        evidence="installation guide of the container toolkit",
        checked=CHECKED,
    )


def _system(
    os_id: str, version: str, python: str | None, glibc: str | None = None
) -> rows.OperatingSystemRow:
    return rows.OperatingSystemRow(
        id=os_id,
        version=version,
        name=f"{os_id.title()} {version}",
        family="debian",
        glibc=glibc,
        python=python,
        python_packages=("python3", "python3-venv", "ca-certificates"),
        base_image=f"docker.io/library/{os_id}:{version}",
        evidence="written for the tests",
        checked=CHECKED,
    )


def _with_rpm(
    os_id: str, version: str, family: str, repository: str, packages: tuple[str, ...]
) -> rows.OperatingSystemRow:
    brought = packages[0]
    return rows.OperatingSystemRow(
        id=os_id,
        version=version,
        name=f"{os_id.title()} {version}",
        family=family,
        python_packages=packages,
        interpreter=f"/usr/bin/{brought.replace('python31', 'python3.1')}",
        nvidia_repository=repository,
        evidence="written for the tests",
        checked=CHECKED,
    )


def _of_nvidia(system: str, package: str, pinning: str | None = None) -> rows.DriverPackage:
    return rows.DriverPackage(
        os=system,
        package=package,
        branch="580",
        flavour="open",
        repository="nvidia",
        pinning=pinning,
        evidence="NVIDIA's driver installation guide",
        checked=CHECKED,
    )


def _repository(system: str) -> rows.Repository:
    address = REPOSITORY.replace("debian12", system)
    return rows.Repository(
        name="nvidia",
        os=system,
        arch="x86_64",
        address=address,
        key=f"{address}D42D0685.pub",
        fingerprint=RPM_FINGERPRINT,
        evidence="NVIDIA's driver installation guide",
        checked=CHECKED,
    )


def _package(system: str, package: str, version: str, component: str) -> rows.DriverPackage:
    return rows.DriverPackage(
        os=system,
        package=package,
        branch=version.split(".", maxsplit=1)[0],
        flavour="open" if package.endswith("-open") else "proprietary",
        version=version,
        component=component,
        evidence="Ubuntu Packages index",
        checked=CHECKED,
    )


def _parts(system: str, suffix: str, fabric_manager: str | None) -> driver_rows.DriverParts:
    return driver_rows.DriverParts(
        os=system,
        driver=f"nvidia-driver-{suffix}",
        modules=f"linux-modules-nvidia-{suffix}",
        fabric_manager=fabric_manager,
        evidence="pages of Ubuntu's packages",
        checked=CHECKED,
    )


def _cuda(version: str, linux: str, windows: str) -> rows.Cuda:
    drivers = rows.PerSystem(linux=linux, windows=windows)
    return rows.Cuda(
        version=version,
        driver_floor=drivers,
        driver_bundled=drivers,
        evidence="NVIDIA's table of CUDA and drivers",
        checked=CHECKED,
    )


def catalog() -> Catalog:
    """A catalog that is all in here: nothing of it is read from stacks."""
    made = Catalog(Path("/nowhere"))
    made.systems = (
        _system("debian", "12", "3.11", "2.36"),
        _system("ubuntu", "20.04", "3.8", "2.31"),
        _system("ubuntu", "22.04", "3.10", "2.35"),
        _system("ubuntu", "24.04", "3.12", "2.39"),
        _system("ubuntu", "26.04", None),
        _with_rpm("rocky", "9", "redhat", "rhel9", ("python3",)),
        _with_rpm("fedora", "44", "redhat", "fedora44", ("python3",)),
        _with_rpm("opensuse-leap", "15.6", "suse", "opensuse15", ("python311",)),
        rows.OperatingSystemRow(
            id="windows",
            version="11",
            name="Windows 11",
            family="windows",
            evidence="written for the tests",
            checked=CHECKED,
        ),
    )
    made.pythons = tuple(
        system_rows.PythonRow(
            version=version,
            fetched=version != "3.7",
            base_image=f"docker.io/library/python:{version}-slim-bookworm",
            evidence="official images",
            checked=CHECKED,
        )
        for version in ("3.7", "3.10", "3.11", "3.12", "3.13")
    )
    bases = [row.base_image for row in made.systems]
    bases += [row.base_image for row in made.pythons]
    made.images = tuple(
        rows.Image(image=image, evidence="official images", checked=CHECKED)
        for image in (*bases, "docker.io/tensorflow/tensorflow:1.15.5-gpu-py3")
        if image
    )
    made.editor_servers = ()
    made.image_sizes = tuple(
        image_rows.ImageSize(
            image=image, disk_bytes=size, cuda=cuda, evidence="docker image ls", checked=CHECKED
        )
        for image, size, cuda in (
            ("docker.io/library/debian:12", 116_570_000, None),
            ("docker.io/nvidia/cuda:12.6.3-cudnn-devel-ubuntu24.04", 8_235_000_000, "12.6"),
        )
    )
    made.driver_packages = (
        _package("ubuntu-22.04", "nvidia-driver-470", "470.256.02-0ubuntu0.22.04.6", "restricted"),
        _package("ubuntu-24.04", "nvidia-driver-580-server-open", _NOBLE_580, "restricted"),
        _package("ubuntu-24.04", "nvidia-driver-580-open", _NOBLE_580, "restricted"),
        _package("ubuntu-24.04", "nvidia-driver-580", _NOBLE_580, "restricted"),
        _of_nvidia("debian-12", "nvidia-open", "nvidia-driver-pinning-580"),
        _of_nvidia("rhel9", "nvidia-open", "nvidia-driver:580-open"),
        _of_nvidia("fedora44", "nvidia-open", "*nvidia*580*"),
        _of_nvidia("opensuse15", "nvidia-open-driver-G06"),
    )
    made.driver_parts = (
        _parts("ubuntu-24.04", "580-open", fabric_manager=None),
        _parts("ubuntu-24.04", "580-server-open", fabric_manager="nvidia-fabricmanager-580"),
    )
    made.nvswitches = (
        driver_rows.Nvswitch(
            name="second generation (HGX A100)",
            device="1af1",
            gpus=("NVIDIA A100-SXM4-80GB",),
            evidence="pci.ids",
            checked=CHECKED,
        ),
    )
    made.container_toolkit = tuple(map(_toolkit, ("debian", "redhat", "suse")))
    made.family_packages = tuple(
        driver_rows.FamilyPackages(
            family=family,
            key_tools=tools,
            dkms_repository="epel-release" if family == "redhat" else None,
            version_lock="python3-dnf-plugin-versionlock" if family == "redhat" else None,
            evidence="public scripts",
            checked=CHECKED,
        )
        for family, tools in {
            "debian": ("ca-certificates", "curl", "gpg"),
            "redhat": ("curl", "gnupg2"),
            "suse": ("curl", "gpg2"),
        }.items()
    )
    made.repositories = (
        rows.Repository(
            name="nvidia",
            os="debian-12",
            arch="x86_64",
            address=REPOSITORY,
            key=f"{REPOSITORY}3bf863cc.pub",
            fingerprint=FINGERPRINT,
            evidence="NVIDIA's driver installation guide",
            checked=CHECKED,
        ),
        *map(_repository, _RPM_REPOSITORIES),
    )
    made.cuda = (
        _cuda("10.0", "410.48", "411.31"),
        _cuda("10.2", "440.33", "441.22"),
        _cuda("12.0", "525.60.13", "527.41"),
        _cuda("12.4", "550.54.14", "551.61"),
    )
    made.tools = (
        rows.Tool(
            name="uv",
            version="0.13.8",
            hashes=(UV_HASH,),
            evidence="files of the package index",
            checked=CHECKED,
        ),
    )
    return made
