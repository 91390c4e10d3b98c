"""What a lock says of itself is the same, wherever its plan came from."""

from __future__ import annotations

import msgspec

from provisioner.lock import Target, record
from provisioner.machine import Machine, OperatingSystem
from provisioner.plan import DriverPlan, Pin, Plan, Request, digest

PLAN = Plan(
    machine=Machine(os=OperatingSystem(id="ubuntu", version="24.04"), arch="x86_64"),
    request=Request(requirements=("torch",)),
    via="pip",
    python="3.12",
    accelerator="cpu",
    cuda=None,
    cudnn=None,
    driver=DriverPlan(action="none"),
    pins=(Pin(name="torch", version="2.14.1", variant="default"),),
)
TARGET = Target("3.12", "x86_64-manylinux_2_28")


def test_a_plan_that_was_read_from_a_file_is_the_one_that_was_written() -> None:
    read = msgspec.json.decode(msgspec.json.encode(PLAN), type=Plan)

    assert digest(read) == digest(PLAN)
    told = [record.tables(record.record_of(plan, TARGET)) for plan in (read, PLAN)]
    assert told[0] == told[1]
