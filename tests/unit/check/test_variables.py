"""Commands and versions that are held in variables: what a shell would make of them."""

from __future__ import annotations

import pytest

from provisioner.check.readers.shell import commands, substituted
from tests.unit.check.test_readers import packages

DEEPO = r"""
FROM nvidia/cuda:10.2-cudnn7-devel-ubuntu18.04
RUN APT_INSTALL="apt-get install -y --no-install-recommends" && \
    PIP_INSTALL="python -m pip --no-cache-dir install --upgrade" && \

    apt-get update && \
    DEBIAN_FRONTEND=noninteractive $APT_INSTALL \
        wget && \
    $PIP_INSTALL \
        torch==1.4.0 \
        && \
    ldconfig
"""


@pytest.mark.parametrize(
    "text",
    [
        DEEPO,
        'FROM a\nENV PIP_INSTALL="python -m pip install"\nRUN $PIP_INSTALL torch==1.4.0\n',
        "FROM a\nENV PIP_INSTALL pip install -U\nRUN ${PIP_INSTALL} torch==1.4.0\n",
        "FROM a\nARG TORCH=torch==1.4.0\nRUN pip install $TORCH\n",
        "ARG V=1.4.0\nFROM a\nARG V\nRUN pip install torch==$V\n",
        "FROM a\nRUN V=1.4.0 && pip install torch==$V\n",
        "FROM a\nRUN export V=1.4.0; pip install torch==${V:-1.0}\n",
        "FROM a\nENV V=1.0\nRUN V=1.4.0 ; pip install torch==$V\n",
        "FROM a\nARG P=torch\nARG V=1.4.0\nRUN pip install ${P}${V:+==${V}}\n",
        "FROM a\nARG V=\nRUN pip install torch==${V:-1.4.0}${V:+-none}\n",
        "FROM a\nARG V=1.4.0.5\nRUN pip install torch==${V%.*}\n",
        "FROM a\nARG V=1-4-0\nRUN pip install torch==${V//-/.}\n",
    ],
)
def test_a_constant_stands_for_its_value(text: str) -> None:
    assert packages("Dockerfile", text) == ["torch==1.4.0"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN V=1.4.0; V=1.5.0; pip install torch==$V\n",
        "FROM a\nRUN V=$(cat v) && pip install torch==$V\n",
        "FROM a\nENV V=1.4.0\nRUN V=`cat v` && pip install torch==$V\n",
        "FROM a\nRUN V=1.4.0; V+=.post1; pip install torch==$V\n",
        "FROM a\nRUN V=1.4.0 true; pip install torch==$V\n",
        "FROM a\nARG V=1.4.0\nRUN pip install torch==${V%%[a-z]*}\n",
    ],
)
def test_what_only_a_shell_can_know_is_left_out(text: str) -> None:
    assert packages("Dockerfile", text) == []


def test_a_script_sets_its_commands_too() -> None:
    text = 'set -e\nPIP="python3 -m pip install"\nreadonly TORCH=1.4.0\n$PIP torch==$TORCH\n'

    assert packages("setup.sh", text) == ["torch==1.4.0"]


def test_signs_side_by_side_end_a_command_too() -> None:
    text = 'if true; then left+=("$a"); fi\npip install torch==1.4.0\n'

    assert packages("setup.sh", text) == ["torch==1.4.0"]


def test_variables_that_double_each_other_do_not_grow_without_end() -> None:
    doubled = "\n".join(f"A{n + 1}=$A{n}$A{n}" for n in range(60))
    made = commands(f"A0=xx\n{doubled}\npip install $A60\n")

    assert max(len(word) for command in made for word in command.words) < 10_000
    assert substituted("$A" * 10_000, {"A": "x" * 2000}) == "$A" * 10_000
