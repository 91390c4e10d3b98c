"""Plans of which only the script is shown: what is special in them is of the machine itself."""

from __future__ import annotations

import msgspec

from provisioner.plan import DriverPlan, Plan, Request
from tests.golden.parts import HGX, machine
from tests.golden.plans import driver_install, with_steps


def driver_nvswitch() -> Plan:
    """Eight GPUs that may sit beside NVSwitches: the fabric manager goes with the driver."""
    driver = DriverPlan(
        action="ensure",
        minimum="525.60.13",
        branch="580",
        flavour="open",
        package="nvidia-driver-580-server-open",
    )
    where = machine("ubuntu-24.04", (HGX,) * 8)
    return with_steps(msgspec.structs.replace(driver_install(), machine=where, driver=driver))


def container_toolkit() -> Plan:
    """The machine alone is made ready for containers; nothing goes into an environment."""
    driver = DriverPlan(
        action="ensure",
        minimum="525.60.13",
        branch="580",
        flavour="open",
        package="nvidia-driver-580-open",
    )
    request = Request(requirements=(), host=("nvidia-container-toolkit",))
    plan = msgspec.structs.replace(
        driver_install(), request=request, pins=(), cuda=None, cudnn=None, driver=driver
    )
    return with_steps(plan)


def container_toolkit_wsl() -> Plan:
    """The toolkit inside WSL2, where the driver is Windows' own."""
    plan = container_toolkit()
    where = machine("ubuntu-24.04", plan.machine.gpus, wsl=True)
    driver = DriverPlan(action="ensure", minimum="527.41")
    return with_steps(msgspec.structs.replace(plan, machine=where, driver=driver))


SCRIPTS = {
    "torch-a100-ubuntu-24.04-nvswitch": driver_nvswitch,
    "container-toolkit-ubuntu-24.04": container_toolkit,
    "container-toolkit-ubuntu-24.04-wsl2": container_toolkit_wsl,
}
"""Each by the name of its folder."""
