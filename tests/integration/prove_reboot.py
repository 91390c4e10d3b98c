"""The reboot gate under a real systemd: python -m tests.integration.prove_reboot FOLDER.

A container boots, its service runs the script, which stops with 10; the service reboots the
container, and the script goes on. The kernel is the host's: what it would show of a GPU and its
driver is put over /sys at each start, the driver as soon as its package is installed. Needs root,
systemd-nspawn, and the network, which brings systemd into the root.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from provisioner.render import render
from tests.golden.made_catalog import catalog
from tests.golden.plans import PLANS
from tests.integration.laboratory import Laboratory
from tests.integration.roots import Root, bookworm
from tests.unit.upkeep.loopback import serving

KERNEL = """#!/bin/sh
mount -t tmpfs none /sys/bus/pci/devices && mkdir /sys/bus/pci/devices/0000:01:00.0
echo 0x10de >/sys/bus/pci/devices/0000:01:00.0/vendor
if dpkg -s nvidia-driver-580-open >/dev/null 2>&1; then
  mount -t tmpfs none /sys/module && mkdir /sys/module/nvidia
  echo 580.178.04 >/sys/module/nvidia/version
fi
"""
BOOT = """#!/bin/bash
sh /kernel.sh
bash /install.sh >>/said 2>&1
code=$?
echo "start $(wc -l </codes): code $code" >>/codes
if ((code == 10)); then systemctl reboot; else systemctl poweroff; fi
"""
UNIT = """[Unit]
Description=The script, at each start
After=multi-user.target
[Service]
Type=oneshot
Environment={env}
ExecStart=/bin/bash /boot.sh
[Install]
WantedBy=multi-user.target
"""
NSPAWN = """
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$MERGED"
# With --keep-unit, 133 says that the container wants to be started again.
code=133
while [ "$code" = 133 ]; do
  code=0
  systemd-nspawn --quiet --register=no --keep-unit --boot --bind-ro="$BIND" -D "$MERGED" || code=$?
done
"""


def main(folder: Path) -> int:
    """Boot it, and tell what each start came to."""
    root = Root(folder, bookworm())
    install = "apt-get -q update && apt-get -q -y install --no-install-recommends"
    packages = "python3 python3-venv systemd-sysv dbus"
    done = root.run("sh", "-c", f"{install} {packages}")
    assert done.returncode == 0, done.stderr
    plan = PLANS["torch-ubuntu-24.04-driver-580-open"]()
    with serving() as index:
        text = render((plan,), "script", catalog())[0].text
        laboratory = Laboratory(root, index, text)
        root.put("/kernel.sh", KERNEL)
        root.put("/boot.sh", BOOT)
        root.put("/codes", "")
        env = " ".join(f'"{name}={value}"' for name, value in laboratory.env.items())
        root.put("/etc/systemd/system/script.service", UNIT.format(env=f'{env} "HOME=/root"'))
        wants = "/etc/systemd/system/multi-user.target.wants"
        link = f"mkdir -p {wants} && ln -s ../script.service {wants}/ && rm -r /sys/bus"
        assert root.run("sh", "-c", link).returncode == 0
        subprocess.run(
            ["unshare", "--mount", "sh", "-euc", NSPAWN],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "LOWER": ":".join(map(str, root.lower)),
                "UPPER": str(root.upper),
                "WORK": str(root.work),
                "MERGED": str(root.merged),
                "BIND": root.binds[0],
            },
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
    codes = (root.upper / "codes").read_text()
    sys.stdout.write((root.upper / "said").read_text() + codes)
    return 0 if codes == "start 0: code 10\nstart 1: code 0\n" else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
