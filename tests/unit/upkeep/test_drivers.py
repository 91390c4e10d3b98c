from __future__ import annotations

import json
from collections.abc import Callable

from provisioner.upkeep.facts.drivers import branches, packages
from provisioner.upkeep.facts.table import Facts

DRIVERS = """
cuda,kind,linux_x86_64,windows,source
12.2.0,bundled_driver,535.54.03,,names of installers
"""
BRANCHES = """
branch,type,end_of_life,max_cuda_major_without_compat,first_known_linux_version,kernel_modules,source
418,LTSB,2022-03,10.1,418.39,,a pdf
440,NFB,2020-11,10.2,440.33,,same pdf
515,,,,515.43.04,first branch with open modules (Turing+),guide
535,LTSB,2026-06,12,535.54.03,,guide
610,Production,2026-08 (planned),13,610.43.02,,guide
615,unknown,,,615.71.09,,logs
620,unknown,,,,modules are open source only (no flavour),guide
"""
PACKAGES = """
package,ubuntu,version,support_field,note,source
nvidia-driver-530,focal,535.230.02-0ubuntu0.20.04.1,,transitional to nvidia-driver-535,focal list
nvidia-driver-510,focal,525.147.05-0ubuntu2.20.04.1,,transitional to nvidia-driver-530,focal list
nvidia-driver-535,focal,535.230.02-0ubuntu0.20.04.1,PB,,focal list
nvidia-driver-615,noble,615.71.09-1,PB,,index of noble
nvidia-driver-515,noble,515.43.04-1,NFB,,index of noble
nvidia-driver-515-open,noble,515.43.04-1,PB,,index of noble
nvidia-driver-999,noble,999.1-1,,,index of noble
"""
REDIRECTS = {
    "noble": {
        "ubuntu": "24.04",
        "real": {
            "615-open": {"version": "615.71.09-0ubuntu1", "component": "multiverse"},
        },
        "redirects": {"590": {"to": "595", "final": "615-open"}},
    }
}


def tables(facts: Callable[..., Facts]) -> Facts:
    made = facts(
        t01_cuda_driver=DRIVERS,
        t03_driver_branches=BRANCHES,
        t03_ubuntu_driver_packages=PACKAGES,
    )
    file = made.folder / "13_ubuntu_driver_redirects.json"
    file.write_text(json.dumps(REDIRECTS), encoding="utf-8")
    return made


def test_a_package_has_the_branch_it_installs_and_the_names_that_lead_to_it(
    facts: Callable[..., Facts],
) -> None:
    found = {(row.os, row.package): row for row in packages(tables(facts))}

    assert set(found) == {
        ("ubuntu-24.04", "nvidia-driver-615-open"),
        ("ubuntu-20.04", "nvidia-driver-535"),
    }
    focal = found["ubuntu-20.04", "nvidia-driver-535"]
    assert focal.redirects == ("nvidia-driver-510", "nvidia-driver-530")
    assert (focal.branch, focal.flavour) == ("535", "proprietary")
    noble = found["ubuntu-24.04", "nvidia-driver-615-open"]
    assert (noble.branch, noble.flavour, noble.component) == ("615", "open", "multiverse")
    assert noble.redirects == ("nvidia-driver-590",)


def test_a_branch_has_its_kind_its_end_and_its_modules(facts: Callable[..., Facts]) -> None:
    found = {row.branch: row for row in branches(tables(facts))}

    assert (found["535"].kind, found["535"].end_of_life, found["535"].cuda) == (
        "LTSB",
        "2026-06",
        "12.2",
    )
    assert (found["610"].kind, found["610"].end_of_life) == ("PB", "2026-08")
    assert found["440"].kernel_modules == ("proprietary",)
    assert found["515"].kernel_modules == ("open", "proprietary")
    # Packaged as open modules only, and said to be open only.
    assert found["615"].kernel_modules == ("open",)
    assert found["620"].kernel_modules == ("open",)
    assert found["620"].first_version is None


def test_where_the_table_is_silent_ubuntus_packages_say_what_kind_a_branch_is(
    facts: Callable[..., Facts],
) -> None:
    found = {row.branch: row for row in branches(tables(facts))}

    assert (found["615"].kind, found["615"].evidence) == ("PB", "logs; index of noble (Support)")
    # Its packages disagree, so nothing is said; and what the table says goes first.
    assert found["515"].kind is None
    assert found["535"].kind == "LTSB"


def test_a_source_that_points_at_the_line_above_is_made_whole(
    facts: Callable[..., Facts],
) -> None:
    found = {row.branch: row for row in branches(tables(facts))}

    assert found["440"].evidence == "a pdf"
