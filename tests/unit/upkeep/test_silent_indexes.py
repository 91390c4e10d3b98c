"""What an index does not tell, and another one did, stays known."""

from __future__ import annotations

from provisioner.catalog.rows import Build
from provisioner.upkeep.builds import relisted
from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.releases import releases

KNOWN = ("3.10", "3.11", "3.12")
ROW = Build(
    framework="jaxlib",
    version="0.9.2",
    platform="linux-x86_64",
    pythons=("3.11",),
    released="2026-01-02",
    kind="measured",
    evidence="jaxlib-0.9.2-cp311-cp311-manylinux_2_27_x86_64.whl: METADATA",
    checked="2026-11-20",
)


def test_a_day_of_release_is_not_taken_away_by_an_index_without_days() -> None:
    name = "jaxlib-0.9.2-cp311-cp311-manylinux_2_27_x86_64.whl"
    (silent,) = releases("jaxlib", [IndexFile(name=name, url=name)], KNOWN)

    assert relisted(ROW, silent).released == "2026-01-02"


def test_pythons_that_requires_python_narrowed_stay_narrow_where_the_index_leaves_it_out() -> None:
    name = "jaxlib-0.9.2-py3-none-manylinux_2_27_x86_64.whl"
    (silent,) = releases("jaxlib", [IndexFile(name=name, url=name)], KNOWN)
    (telling,) = releases(
        "jaxlib", [IndexFile(name=name, url=name, requires_python=">=3.12")], KNOWN
    )

    assert silent.pythons == KNOWN
    assert relisted(ROW, silent).pythons == ("3.11",)
    assert relisted(ROW, telling).pythons == ("3.12",)


def test_a_python_without_a_row_is_kept_apart() -> None:
    names = [f"jaxlib-0.9.2-cp3{n}-cp3{n}-manylinux_2_27_x86_64.whl" for n in (12, 99)]
    (found,) = releases("jaxlib", [IndexFile(name=name, url=name) for name in names], KNOWN)

    assert found.pythons == ("3.12",)
    assert found.unknown_pythons == ("3.99",)
