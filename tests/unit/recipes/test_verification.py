"""Which versions the installed packages themselves are asked for."""

from __future__ import annotations

import msgspec

from provisioner.plan import Pin, Plan
from provisioner.recipes.verification import computing, steps
from tests.golden import plans


def with_pins(plan: Plan, *pins: Pin) -> Plan:
    return msgspec.structs.replace(plan, pins=pins)


def versions(plan: Plan) -> tuple[str, ...]:
    (step,) = steps(plan)
    return next((run[1:] for run in step.run if run[0] == "verify_versions"), ())


WHEEL = Pin(name="numpy", version="2.1.0", requirement="numpy==2.1.0")


def test_a_channels_package_is_no_distribution_that_python_could_be_asked_for() -> None:
    """conda takes ``cudnn==7.6.5`` too, and no metadata of Python knows cudnn."""
    channel = Pin(name="cudnn", version="7.6.5", requirement="cudnn==7.6.5", channel="conda-forge")

    assert versions(with_pins(plans.cpu(), channel, WHEEL)) == ("numpy==2.1.0",)


def test_extras_are_left_out_and_the_build_stays() -> None:
    torch = Pin(name="torch", version="2.14.1", requirement="torch==2.14.1+cu126")
    tensorflow = Pin(
        name="tensorflow", version="2.21.0", requirement="tensorflow[and-cuda]==2.21.0"
    )

    assert versions(with_pins(plans.cpu(), torch, tensorflow)) == (
        "torch==2.14.1+cu126",
        "tensorflow==2.21.0",
    )


def test_a_range_and_a_package_inside_an_image_have_no_version_to_compare() -> None:
    ranged = Pin(name="cuda", version="12.6.3", requirement="cuda-toolkit[all]==12.6.*")
    inside = Pin(name="tensorflow", version="1.15.5", requirement=None)

    assert versions(with_pins(plans.cpu(), ranged, inside)) == ()


def test_on_the_cpu_frameworks_compute_on_the_cpu() -> None:
    assert computing(plans.cpu()) == (("verify_tensorflow", "2.21.0", "cpu"),)


def test_on_amds_gpus_torch_is_proved_on_each_by_its_target() -> None:
    assert computing(plans.rocm()) == (("verify_torch_device", "2.11.0", "rocm", "gfx1100"),)


def test_on_a_mac_only_torch_computes_on_the_gpu() -> None:
    pins = (Pin(name="torch", version="2.15.0"), Pin(name="tensorflow", version="2.21.0"))
    plan = msgspec.structs.replace(with_pins(plans.cpu(), *pins), accelerator="mps")

    assert computing(plan) == (
        ("verify_torch_device", "2.15.0", "mps"),
        ("verify_tensorflow", "2.21.0", "cpu"),
    )


def test_packages_beside_a_framework_have_to_load_by_their_modules_names() -> None:
    pins = tuple(
        Pin(name=name, version="1.0", requirement=f"{name}==1.0")
        for name in ("torch", "flash-attn", "cupy-cuda12x", "onnxruntime-gpu", "numpy")
    )
    (step,) = steps(with_pins(plans.cpu(), *pins))

    assert ("verify_imports", "flash_attn", "cupy", "onnxruntime") in step.run


def test_companions_are_tried_by_name_alone() -> None:
    texts = ("Einops>=0.8", "evil @ file:///x", "`id`", "numpy<2; python_version > '3'", "numpy")
    plan = plans.cpu()
    request = msgspec.structs.replace(plan.request, companions=texts)
    (step,) = steps(msgspec.structs.replace(plan, request=request))

    assert ("verify_companions", "Einops", "evil", "numpy") in step.run
