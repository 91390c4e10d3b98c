"""``user-data`` for cloud-init: a new machine runs the rendered script until it is ready."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts, script
from provisioner.render.comments import head, wrapped
from provisioner.render.templates import fill

_FOLDER = "/opt/dlsetup"


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the cloud-config: the script, what runs it at each boot, and its systemd unit.

    Raises what ``script.text`` raises.
    """
    name = facts.name(plan)
    folder, unit = f"{_FOLDER}/{name}", f"dlsetup-{name}"
    told = {"name": name, "folder": folder, "unit": unit}
    files = (
        (f"{folder}/install.sh", "0755", script.text(plan, catalog)),
        (f"{folder}/first-boot.sh", "0755", fill("cloud/first-boot.sh.j2", **told)),
        (f"/etc/systemd/system/{unit}.service", "0644", fill("cloud/unit.j2", **told)),
    )
    return fill(
        "cloud/user-data.j2",
        head=head(plan, catalog, driver=False),
        told=_told(folder, unit),
        files=tuple((path, mode, content.rstrip("\n")) for path, mode, content in files),
        unit=f"{unit}.service",
    )


def _told(folder: str, unit: str) -> tuple[str, ...]:
    what = (
        "It writes install.sh, which says itself what it does, and a unit of systemd that runs it "
        "at boot, as the first ordinary user where sudo asks that one for no password, else as "
        "root."
    )
    goes_on = (
        "Where install.sh asks for a reboot, the machine reboots and it goes on, three times at "
        "most. What fails is tried three times, and again at the next boot; what was done by then "
        "is left alone."
    )
    seen = (
        f"Follow it: journalctl -fu {unit}, or /var/log/{unit}.log. It is ready, and the unit "
        f"disabled, when {folder}/ready is there."
    )
    size = (
        "Clouds limit the size of user-data, some to 16 KiB: gzip this file where it is more; "
        "cloud-init unpacks it."
    )
    return wrapped((what, goes_on, seen, size))
