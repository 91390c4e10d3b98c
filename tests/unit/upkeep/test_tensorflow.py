from __future__ import annotations

from pathlib import Path

from provisioner.upkeep.facts.conda import conda_forge, defaults, libraries
from provisioner.upkeep.facts.images import builds, images
from provisioner.upkeep.facts.nvidia_tensorflow import wheels as nvidia_wheels
from provisioner.upkeep.facts.table import Facts
from provisioner.upkeep.facts.tensorflow import wheels

FACTS = Facts(Path(__file__).parent / "excerpts" / "tensorflow")


def test_cpu_and_gpu_wheels_are_told_apart() -> None:
    plain = {row.version: row for row in wheels(FACTS, "tensorflow")}
    gpu = {row.version: row for row in wheels(FACTS, "tensorflow-gpu")}

    assert (plain["1.15.5"].cuda, plain["1.15.5"].libraries) == (None, "bundled")
    assert plain["1.15.5"].provides is None
    assert gpu["1.15.5"].provides == "tensorflow"
    # A GPU wheel whose CUDA nobody knows would look like a CPU build.
    assert "0.12.0" not in gpu


def test_cudnn_is_the_pin_else_what_the_documents_tested() -> None:
    found = {row.version: row.cudnn for row in wheels(FACTS, "tensorflow")}
    gpu = {row.version: (row.cuda, row.cudnn) for row in wheels(FACTS, "tensorflow-gpu")}

    assert found["2.14.0"] == "8.7.0.84"
    assert found["2.20.0"] == "9.3"
    assert found["2.12.0"] == "8.6"
    assert gpu["1.3.0"] == ("8.0", "6")
    # The documents say nothing of 1.5: the wheel's own major is all that is known.
    assert gpu["1.5.1"] == ("9.0", "7")


def test_an_extra_brings_the_libraries_or_the_system_must() -> None:
    found = {row.version: row for row in wheels(FACTS, "tensorflow")}

    assert (found["2.14.0"].extra, found["2.14.0"].libraries) == ("and-cuda", "bundled")
    assert found["2.14.0"].requires == ("nvidia-cudnn-cu11==8.7.0.84", "nvidia-nccl-cu11==2.16.5")
    assert found["2.20.0"].extra == "and-cuda"
    assert found["2.20.0"].requires == ("nvidia-cudnn-cu12<10.0,>=9.3.0.75",)
    assert (found["2.12.0"].extra, found["2.12.0"].libraries) == (None, "system")


def test_ptx_between_two_read_releases_follows_the_builds_rule() -> None:
    found = {row.version: row for row in wheels(FACTS, "tensorflow-gpu")}

    assert found["1.15.2"].ptx == ("compute_35", "compute_70")
    assert "as 1.15.5" in found["1.15.2"].evidence
    assert found["2.0.0"].ptx == ()
    assert "not known" in found["2.0.0"].evidence


def test_official_images_hold_the_wheel_and_are_named_only_where_sure() -> None:
    held = wheels(FACTS, "tensorflow-gpu") + wheels(FACTS, "tensorflow")

    found = {row.image: row for row in builds(FACTS, "hub.test", held)}

    assert [image for image in found if image and image.startswith("hub.test")] == [
        "hub.test/tensorflow/tensorflow:1.15.5-gpu-py3",
        "hub.test/tensorflow/tensorflow:2.12.0-gpu",
    ]
    old = found["hub.test/tensorflow/tensorflow:1.15.5-gpu-py3"]
    assert (old.cuda, old.cudnn, old.pythons) == ("10.0", "7.6.2.24", ("3.6",))
    assert old.ptx == ("compute_35", "compute_70")
    assert (old.via, old.kind, old.variant) == ("container", "announced", "1.15.5-gpu-py3")


def test_nvidias_images_need_release_cuda_and_driver() -> None:
    found = {row.variant: row for row in builds(FACTS, "hub.test", [])}

    assert set(found) == {"22.12-tf1-py3", "23.02-tf1-py3"}
    assert found["22.12-tf1-py3"].sass == ("sm_60", "sm_80", "sm_90")
    assert found["22.12-tf1-py3"].driver_floor == "520"
    # Two documents, the higher driver; no generations of its own, those of the month before.
    assert found["23.02-tf1-py3"].driver_floor == "525"
    assert found["23.02-tf1-py3"].sass == ("sm_60", "sm_80", "sm_90")
    assert "GPU generations as 22.12" in found["23.02-tf1-py3"].evidence


def test_every_image_of_a_build_gets_a_row() -> None:
    made = builds(FACTS, "hub.test", [])

    assert [(row.image, row.python, row.cuda) for row in images(made)] == [
        (row.image, row.pythons[0], row.cuda) for row in made
    ]


def test_nvidias_wheels_need_a_known_python_and_index() -> None:
    places = {"nvidia-pyindex": "https://one.test", "nvidia-redist": "https://two.test"}

    found = {row.version: row for row in nvidia_wheels(FACTS, places)}

    assert set(found) == {"1.15.5+nv22.12", "1.15.5+nv23.02"}
    first, last = found["1.15.5+nv22.12"], found["1.15.5+nv23.02"]
    assert (first.index, first.cuda, first.driver_floor) == ("https://one.test", "11.8", "520")
    assert (last.index, last.cuda) == ("https://two.test", "12.0")
    assert first.provides == "tensorflow"


def test_conda_forge_builds_keep_the_name_of_the_channel() -> None:

    torches = {row.version: row for row in conda_forge(FACTS, "torch")}
    flows = conda_forge(FACTS, "tensorflow")

    assert set(torches) == {"2.13.0", "2.5.1"}
    row = torches["2.13.0"]
    assert (row.package, row.variant, row.build_string) == (
        "pytorch",
        "conda-forge-cuda129",
        "cuda129*",
    )
    assert (row.sass, row.ptx) == (("sm_50", "sm_120"), ("compute_120",))
    # Builds of one release with two glibc floors: the higher one serves both.
    assert (torches["2.5.1"].glibc, torches["2.5.1"].cudnn) == ("2.28", "9")
    assert [(r.package, r.sass, r.ptx, r.cpu) for r in flows] == [
        (None, ("sm_60", "sm_120"), ("compute_120",), ("avx",))
    ]


def test_condas_libraries_have_a_row_for_each_cuda() -> None:

    found = {(row.package, row.version, row.cuda): row for row in libraries(FACTS)}

    assert set(found) == {
        ("cudnn", "9.11.0.98", "12.9"),
        ("cudnn", "8.8.0.121", "11.2"),
        ("cudnn", "8.8.0.121", "12.0"),
        ("cudatoolkit", "10.0.130", "10.0"),
    }
    # Known from the wheel of the same library.
    assert found["cudnn", "9.11.0.98", "12.9"].sass == ("sm_75", "sm_80")
    assert found["cudnn", "8.8.0.121", "12.0"].sass == ()


def test_the_defaults_channel_counts_where_one_cuda_and_the_pythons_are_known() -> None:
    found = defaults(FACTS)

    assert [(r.version, r.cuda, r.cudnn, r.pythons) for r in found] == [
        ("1.13.1", "10.0", "7.3", ("2.7", "3.7"))
    ]
    # Only what every build of the release has.
    assert found[0].sass == ("sm_30", "sm_70")
    assert (found[0].channel, found[0].via, found[0].provides) == (
        "defaults",
        "conda",
        "tensorflow",
    )
