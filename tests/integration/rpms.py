"""Repositories of empty rpms that stand in for a system's own and for NVIDIA's.

Names, versions and module streams are those of the facts, never of the program's rows. They are
used in a Debian root that says it is another system, with Debian's dnf or zypper: the real systems
stay untried.
"""

from __future__ import annotations

import csv
import subprocess
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec

from tests.integration.roots import Root
from tests.integration.test_driver_steps import plain_devices

FACTS = Path(__file__).resolve().parents[1] / "table/facts/26_rpm_packages.csv"
ADDED = ("nvidia", "container-toolkit")
"""Repositories that a script adds by itself."""
UNSTATED = "1"
"""The version of a package of which the facts name none."""
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SPEC = """Name: {name}
Version: {version}
Release: {release}
Epoch: {epoch}
Summary: empty, made for a test
License: none
{requires}
%description
Empty, made for a test.
%files
"""
MODULE = """---
document: modulemd
version: 2
data:
  name: nvidia-driver
  stream: "{stream}"
  version: 1
  context: "{context}"
  arch: x86_64
  summary: made for a test
  description: made for a test
  license: {{module: [none]}}
  artifacts: {{rpms: [{rpms}]}}
"""
BUILD = """
set -e
cd /srv/{name}
gpg --batch --quiet --list-secret-keys | grep -q . ||
  gpg --batch --quiet --passphrase '' --quick-gen-key 'a test <test@example.org>' rsa2048 sign never
gpg --batch --armor --export >/srv/key.asc
for spec in *.spec; do
  rpmbuild --quiet --define "_topdir /tmp/rpmbuild" --define "_rpmdir $PWD" \\
    --target x86_64 -bb "$spec"
done
rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name a test' --addsign x86_64/*.rpm >/dev/null
createrepo_c --quiet .
[ ! -e modules.yaml ] || modifyrepo_c --mdtype=modules modules.yaml repodata
gpg --batch --yes --armor --detach-sign repodata/repomd.xml
cp /srv/key.asc repodata/repomd.xml.key
rm -r /tmp/rpmbuild
gpgconf --kill all
"""


class Rpm(msgspec.Struct, frozen=True):
    """One row of the facts."""

    system: str
    repository: str
    stream: str
    package: str
    version: str
    requires: str
    source: str


def known(system: str) -> tuple[Rpm, ...]:
    """What the facts know of a system, by repository."""
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = [msgspec.convert(row, Rpm) for row in csv.DictReader(file)]
    return tuple(row for row in rows if row.system == system)


def repositories(root: Root, system: str) -> dict[str, str]:
    """Make every repository of a system below /srv of the root; return where each lies."""
    # Debian's rpm keeps its database in the home folder; others, and zypper, look here.
    root.put("/etc/rpm/macros", "%_dbpath /var/lib/rpm\n")
    made = {}
    for name, rows in groupby(known(system), attrgetter("repository")):
        _repository(root, name, tuple(rows))
        made[name] = f"file:///srv/{name}/"
    return made


def _repository(root: Root, name: str, rows: tuple[Rpm, ...]) -> None:
    epoch = 3 if any(row.stream for row in rows) else 0  # as NVIDIA's for Red Hat's family have
    for number, row in enumerate(rows):
        root.put(f"/srv/{name}/{number}.spec", _spec(row, epoch))
    streams = {row.stream for row in rows if row.stream}
    modules = [_module(stream, rows, epoch) for stream in sorted(streams)]
    if modules:
        root.put(f"/srv/{name}/modules.yaml", "".join(modules))
    done = root.run("sh", "-c", BUILD.format(name=name), network=False, PATH=PATH)
    assert done.returncode == 0, done.stdout + done.stderr


def _version(row: Rpm) -> tuple[str, str]:
    version, _, release = (row.version or UNSTATED).partition("-")
    return version, release or "1"


def _spec(row: Rpm, epoch: int) -> str:
    version, release = _version(row)
    beside = f" = {epoch}:{version}-{release}"
    needs = [name + (beside if "nvidia" in name else "") for name in row.requires.split()]
    requires = f"Requires: {', '.join(needs)}\n" if needs else ""
    return SPEC.format(
        name=row.package, version=version, release=release, epoch=epoch, requires=requires
    )


def _module(stream: str, rows: tuple[Rpm, ...], epoch: int) -> str:
    of_stream = [row for row in rows if row.stream == stream]
    names = [f"{row.package}-{epoch}:{'-'.join(_version(row))}.x86_64" for row in of_stream]
    context = f"{sum(map(ord, stream)):08x}"
    return MODULE.format(stream=stream, context=context, rpms=", ".join(f'"{n}"' for n in names))


def fingerprint(root: Root) -> str:
    """Of the key that all these repositories are signed with."""
    said = root.run("gpg", "--with-colons", "--show-keys", "/srv/key.asc", network=False).stdout
    return next(line.split(":")[9] for line in said.splitlines() if line.startswith("fpr"))


class System(msgspec.Struct, frozen=True):
    """One that a root can say it is."""

    tool: str
    release: str
    kernel: str
    driver: str
    """What the facts name as the driver of the planned branch, and its version."""
    version: str

    @property
    def repositories(self) -> str:
        return "/etc/yum.repos.d" if self.tool == "dnf" else "/etc/zypp/repos.d"


SYSTEMS = {
    "rocky-9": System(
        "dnf",
        'ID="rocky"\nVERSION_ID="9.6"\nPLATFORM_ID="platform:el9"\n',
        "5.14.0-687.51.1.el9_8.x86_64",
        "nvidia-open",
        "580.178.04",
    ),
    "fedora-44": System("dnf", "ID=fedora\nVERSION_ID=44\n", "6.17.1", "nvidia-open", "580.167.08"),
    "opensuse-leap-15.6": System(
        "zypper",
        'ID="opensuse-leap"\nVERSION_ID="15.6"\n',
        "5.14.21-150500.55.116-default",
        "nvidia-open-driver-G06",
        "580.126.20",
    ),
}
CURL = """#!/bin/sh
while [ "$#" -gt 1 ]; do [ "$1" != --output ] || cp /srv/key.asc "$2"; shift; done
"""
UNAME = """#!/bin/sh
if [ "$1" = -r ]; then echo {}; else exec /usr/bin/uname "$@"; fi
"""


def prepared(root: Root, name: str) -> Root:
    system = SYSTEMS[name]
    plain_devices(root)
    for repository, place in repositories(root, name).items():
        if repository not in ADDED:
            text = f"[{repository}]\nname=it\nbaseurl={place}\nenabled=1\ngpgcheck=1\n"
            root.put(f"{system.repositories}/{repository}.repo", text)
    root.put("/etc/os-release", system.release)
    root.put("/etc/dnf/plugins/local.conf", "[main]\nenabled=0\n")
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    root.put("/usr/local/bin/curl", CURL)
    root.put("/proc/stat", "btime 1\n")
    root.put("/usr/local/bin/uname", UNAME.format(system.kernel))
    done = inside(root, "sh", "-c", "rpm --import /srv/key.asc; chmod 755 /usr/local/bin/*")
    assert done.returncode == 0, done.stderr
    return root


def inside(root: Root, *words: str, who: str = "0:0") -> subprocess.CompletedProcess[str]:
    return root.run(*words, who=who, network=False, devices=False, PATH=PATH)
