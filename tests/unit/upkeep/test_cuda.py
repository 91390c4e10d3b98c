from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.catalog.rows import HostCompilers, PerSystem
from provisioner.errors import BadDataError
from provisioner.upkeep.facts.cuda import cuda
from provisioner.upkeep.facts.host_compilers import of
from provisioner.upkeep.facts.table import Facts

DRIVERS = """
cuda,kind,linux_x86_64,windows,source
7.5.16,documented_min,352.31,353.66,notes
10.2.89,bundled_driver,440.33.01,441.22,names of installers
10.2.89,documented_min,440.33,441.22,notes
12.0.1,bundled_driver,525.85.12,528.33,names of installers
12.0.0,bundled_driver,525.60.13,527.41,names of installers
13.4.1,bundled_driver,,,names of installers
12.x,minor_compat_floor,525.60.13,527.41 (cuDNN matrix) / 528.33 (uv),tables
13.x,minor_compat_floor,580 (cuDNN 9.17 matrix: 580.65.06),580 (uv; cuDNN 9.17 matrix: N/A),tables
"""
BRANCHES = """
branch,type,end_of_life,max_cuda_major_without_compat,first_known_linux_version,kernel_modules,source
615,unknown,,13 (reports driver API 13040 = CUDA 13.4),615.71.09,,user logs
"""
PTXAS = """
nvcc_version,sm_accepted,source
12.0.140,50 90 90a,nvidia_cuda_nvcc_cu12-12.0.140.whl
13.5.37,75 120a,nvidia_cuda_nvcc-13.5.37.whl
"""
TOOLKITS = """
cuda_toolkit,component_wheel,pin,extra,source
12.0.1,x,,,
12.0.0,x,,,
12.0.0rc1,x,,,
"""
COMPILERS = """
nvcc_version,platform,gcc_max_major,clang_max_major,msc_ver_min,msc_ver_below,source
12.0.140,linux-x86_64,12,14,1910,1940,nvidia_cuda_nvcc_cu12-12.0.140-manylinux1_x86_64.whl
12.0.140,windows,12,14,1910,1940,nvidia_cuda_nvcc_cu12-12.0.140-win_amd64.whl
12.0.76,linux-x86_64,12,13,1910,1940,nvidia_cuda_nvcc_cu12-12.0.76-manylinux1_x86_64.whl
13.4.46rc1,linux-x86_64,16,22,1920,1960,nvidia_cuda_nvcc-13.4.46rc1.whl
"""


def test_cuda_rows_come_from_installers_tables_and_ptxas(facts: Callable[..., Facts]) -> None:
    found = {
        row.version: row
        for row in cuda(
            facts(
                t01_cuda_driver=DRIVERS,
                t03_driver_branches=BRANCHES,
                t02_ptxas_arch=PTXAS,
                t02_cuda_toolkit_components=TOOLKITS,
                t04_host_compiler=COMPILERS,
            )
        )
    }

    # 7.5 is older than any wheel; 13.5 is known to ptxas only.
    assert set(found) == {"10.2", "12.0", "13.4", "13.5"}
    # The higher of two numbers satisfies both documents.
    assert found["12.0"].driver_floor == PerSystem("525.60.13", "528.33")
    assert found["13.5"].driver_floor == PerSystem("580.65.06", "580")
    # Before 11 there is no compatibility within a major release: the floor is the own driver.
    assert found["10.2"].driver_floor == PerSystem("440.33", "441.22")
    # The first release counts, whatever the order of the table.
    assert found["12.0"].driver_bundled == PerSystem("525.60.13", "527.41")
    assert found["13.4"].driver_bundled == PerSystem("615.71.09")
    assert found["13.5"].driver_bundled == PerSystem()
    assert found["12.0"].architectures == ("sm_50", "sm_90", "sm_90a")
    assert found["12.0"].toolkits == ("12.0.0", "12.0.1")
    assert found["12.0"].checked == "2026-11-20"
    # Limits move from update to update; a pre-release counts for nothing.
    assert found["12.0"].host_compilers == (
        HostCompilers("12.0.76", "12", "13", "1910", "1940"),
        HostCompilers("12.0.140", "12", "14", "1910", "1940"),
    )
    assert "12.0.76-manylinux1_x86_64.whl" in found["12.0"].evidence
    assert found["13.4"].host_compilers == ()


def test_an_nvcc_whose_limits_differ_between_platforms_is_not_one_row(
    facts: Callable[..., Facts],
) -> None:
    other = COMPILERS.replace("12.0.140,windows,12", "12.0.140,windows,11")

    with pytest.raises(BadDataError, match=r"CUDA 12\.0 differ"):
        of(facts(t04_host_compiler=other), "12.0")
