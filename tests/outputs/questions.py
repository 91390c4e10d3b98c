"""The plans that every format is tried with, in the words of the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache
from itertools import islice, product

from provisioner import workflow
from provisioner.describe import Options
from provisioner.errors import DlsetupError, RefusedError
from provisioner.plan import Plan
from provisioner.render import FORMATS, RenderedFile, render

SPREAD = (
    "torch --gpu 'RTX 3090' --driver 535.183.01 --os ubuntu-22.04",
    "torch torchvision torchaudio --gpu 'RTX 4090' --os ubuntu-24.04",
    "torch --gpu 'RTX 5090' --driver none --os ubuntu-26.04",
    "torch --gpu 'GTX 1080 Ti' --os ubuntu-20.04 --driver 470.256.02",
    "torch<2 --gpu 'Tesla K80' --os ubuntu-20.04",
    "torch --gpu none --os debian-12",
    "torch numpy<2 'pandas>=2; python_version>\"3.9\"' --gpu none --os debian-13",
    "torch==2.6.0 --gpu 'Tesla T4' --os debian-12 --python 3.10",
    "torch --gpu 'NVIDIA GH200 480GB' --os ubuntu-24.04 --arch aarch64",
    "torch torchvision --gpu 'RX 7900 XTX' --os ubuntu-24.04",
    "torch --gpu 'RX 7900 XTX' --os ubuntu-22.04 --python 3.11",
    "tensorflow --gpu 'RTX 3090' --driver 550.163.01 --os ubuntu-22.04",
    "tensorflow==2.15.* --gpu 'RTX 2080 Ti' --os debian-12",
    "tensorflow --gpu 'RTX 4090' --os ubuntu-24.04-wsl2 --driver 560.94",
    "tensorflow --gpu none --os ubuntu-24.04 --python 3.12",
    "tensorflow==1.15.* --gpu 'GTX 1080 Ti' --os ubuntu-22.04 --driver 470.256.02",
    "tensorflow==1.15.* --gpu 'GTX 1080 Ti' --os ubuntu-20.04 --via container",
    "tensorflow==1.15.* --gpu none --os debian-12",
    "tensorflow==1.13.1 --gpu 'Tesla V100-SXM2-32GB' --os ubuntu-20.04 --via conda",
    "tensorflow==1.15.* 'pandas<1.2' --gpu 'RTX 3090' --os ubuntu-22.04 --via container",
    "jax --gpu H100 --driver 580.95.05 --os ubuntu-24.04",
    "jax --gpu none --os fedora-43",
    "jax torch --gpu H100 --driver 535.183.01 --os ubuntu-22.04",
    "fastai --gpu 'RTX 3090' --os rocky-9 --driver 550.163.01",
    "torch --gpu 'RTX 4090' --os opensuse-leap-16.0",
    "torch tensorflow --gpu 'RTX 3090' --os ubuntu-22.04 --driver 570.124.06",
    "stable-diffusion --gpu 'RTX 3060' --os ubuntu-24.04",
    "llm-serving --gpu 'H100' --os ubuntu-24.04 --driver 580.95.05",
    "huggingface --gpu 'NVIDIA A100-SXM4-40GB' --os rhel-9",
    "torch --gpu 'Tesla V100-SXM2-32GB' --os ubuntu-22.04 --via conda",
    "cuda-dev --gpu 'RTX 4090' --os ubuntu-24.04 --driver 580.95.05",
    "cuda-dev torch --gpu 'RTX 2080 Ti' --os debian-12",
    "cuda-dev --gpu 'RTX 5090' --os ubuntu-22.04 --via conda",
    "cuda-dev --gpu 'NVIDIA GH200 480GB' --os ubuntu-24.04 --arch aarch64",
    "cuda-dev --gpu none --os debian-12",
    "torch --gpu none --os ubuntu-24.04 --via conda",
    "torch torchcodec --gpu 'RTX 3090' --os ubuntu-22.04 --driver 550.163.01",
)
"""What the pins of all formats are compared over."""

_WORDS = (
    *("torch", "torch torchaudio", "tensorflow", "tf1", "jax", "fastai", "torch jax"),
    *("research", "llm-finetuning", "speech", "cuda-dev", "data-science", "cupy onnxruntime-gpu"),
)
_MACHINES = (
    *("--gpu none", "--gpu 'RTX 3090' --driver 535.183.01", "--gpu 'RTX 5090'"),
    *("--gpu 'GTX 1080 Ti' --driver none", "--gpu 'RX 7900 XTX'"),
    *("--gpu 'Tesla K80'", "--gpu H100 --gpu H100 --driver 580.95.05"),
    *("--gpu 'Intel Arc B580'", "--gpu 'RTX 2080 Ti' --gpu 'RTX 4090' --driver 470.256.02"),
)
_SYSTEMS = (
    *("ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04", "debian-12", "debian-13"),
    *("rocky-8", "almalinux-10", "fedora-43", "opensuse-leap-16.0", "sles-15"),
    *("ubuntu-24.04-wsl2", "ubuntu-22.04 --arch aarch64", "windows-11"),
    *("ubuntu-24.04 --python 3.11", "debian-12 --via conda", "ubuntu-22.04 --via container"),
)
_EVERY = 12
_CANNOT = ("format-cannot-carry", "no-base-image")


def questions() -> Iterator[str]:
    """The spread ones, and every twelfth of all combinations beside them."""
    yield from SPREAD
    for words, machine, system in islice(product(_WORDS, _MACHINES, _SYSTEMS), 0, None, _EVERY):
        yield f"{words} {machine} --os {system}"


@cache
def plan_for(question: str, format_name: str | None = None) -> Plan | DlsetupError:
    """The plan for a question, as the best that a format can carry; or the refusal."""
    try:
        return workflow.plan_for(_asked(question), format_name=format_name)
    except DlsetupError as error:
        return error


@cache
def files_for(question: str, format_name: str) -> tuple[RenderedFile, ...]:
    """The files of a plan in a format; none where there is no plan, or the format says it cannot.

    Any other error is a defect, and is raised.
    """
    plan = plan_for(question)
    return files_of(plan, format_name) if isinstance(plan, Plan) else ()


def files_of(plan: Plan, format_name: str) -> tuple[RenderedFile, ...]:
    """As ``files_for``, of a plan."""
    try:
        return render((plan,), format_name, workflow.catalog())
    except RefusedError as refusal:
        if refusal.reference not in _CANNOT:
            raise
        return ()


def carried(format_name: str) -> list[tuple[Plan, tuple[RenderedFile, ...]]]:
    """Those of the spread plans that a format carries, each with its files."""
    plans = ((plan_for(question), files_for(question, format_name)) for question in SPREAD)
    return [(plan, files) for plan, files in plans if isinstance(plan, Plan) and files]


def outputs() -> Iterator[tuple[str, str, tuple[RenderedFile, ...]]]:
    """Everything: question, format and files."""
    for question in questions():
        for format_name in FORMATS:
            if files := files_for(question, format_name):
                yield question, format_name, files


def _asked(question: str) -> workflow.Asked:
    words: list[str] = []
    told: dict[str, list[str]] = {}
    parts = iter(shlex.split(question))
    for part in parts:
        if part.startswith("--"):
            told.setdefault(part.removeprefix("--"), []).append(next(parts))
        else:
            words.append(part)
    one = {name: values[-1] for name, values in told.items()}
    return workflow.Asked(
        words=tuple(words),
        options=Options(
            gpus=tuple(told.get("gpu", ())),
            driver=one.get("driver"),
            os=one.get("os"),
            arch=one.get("arch"),
        ),
        python=one.get("python"),
        via=one.get("via"),
    )
