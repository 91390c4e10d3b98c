"""Which GPUs must be seen: those there are, those chosen, or those the shell shows."""

from __future__ import annotations

import pytest

from provisioner.machine import Gpu
from provisioner.verify.visible import Sight

ONE, TWO = Gpu(name="A", uuid="GPU-1a"), Gpu(name="B", uuid="GPU-1b")
INTEL = Gpu(name="Iris", vendor="intel")


@pytest.mark.parametrize(
    ("sight", "wanted"),
    [
        (Sight(), (ONE, TWO)),
        (Sight(gpus=("GPU-1b",)), (TWO,)),
        (Sight(gpus=("GPU-1b",), listed="0"), (ONE,)),
        (Sight(listed="1,0"), (TWO, ONE)),
        (Sight(listed="GPU-1b"), (TWO,)),
        (Sight(listed="GPU-1"), ()),  # CUDA takes no ambiguous beginning
        (Sight(listed="0,-1,1"), (ONE,)),
        (Sight(listed="0,0"), (ONE,)),
        (Sight(listed="7"), ()),
        (Sight(listed=""), ()),
        (Sight(listed="NoDevFiles"), ()),
    ],
)
def test_what_must_be_seen_is_what_cuda_would_show(sight: Sight, wanted: tuple[Gpu, ...]) -> None:
    assert sight.of((ONE, INTEL, TWO)) == wanted


def test_what_is_shown_is_told_by_cuda_s_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setenv("NVIDIA_VISIBLE_DEVICES", "void")
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)

    assert "CUDA_VISIBLE_DEVICES" not in Sight().variables
    assert "NVIDIA_VISIBLE_DEVICES" not in Sight().variables
    assert Sight(gpus=("GPU-1a", "GPU-1b")).variables["CUDA_VISIBLE_DEVICES"] == "GPU-1a,GPU-1b"
    assert Sight(gpus=("GPU-1a",), listed="").variables["CUDA_VISIBLE_DEVICES"] == ""
    assert Sight().variables["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_the_user_s_own_order_of_gpus_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")

    assert Sight().variables["CUDA_DEVICE_ORDER"] == "FASTEST_FIRST"
