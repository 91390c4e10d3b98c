from __future__ import annotations

from collections.abc import Callable

from provisioner.upkeep.facts.precisions import Precisions, precisions
from provisioner.upkeep.facts.table import Facts

HEAD = (
    "cc,architecture,example_chips,tc_fp64,tc_tf32,tc_bf16,tc_fp16,tc_fp8,tc_fp6,tc_fp4,tc_int8,"
    "tc_int4,fp64_fma_per_clk_sm,fp32_fma_per_clk_sm,fp64_class,fp16_nontensor_per_clk_sm,"
    "te_formats,note,source"
)
TABLE = f"""
{HEAD}
3.5,Kepler,GK110,no,no,no,no,no,no,no,no,no,64,192,1/3 (GeForce boards capped to 8/clk),none,,,guide
6.1,Pascal,GP102,no,no,no,no,no,no,no,no,no,4,128,1/32,2,,,guide ( (public files))
7.2,Volta,Xavier,,,,yes,,,,,,,,,,,,page
7.5,Turing,TU1 (TU11x has no tensor cores),no,no,no,yes,no,no,no,yes,yes,2,64,1/32,128,,,guide
8.8,Ampere,,,,,,,,,,,,,,,,,ptxas
9.0,Hopper,GH100,yes,yes,yes,yes,yes,no,no,yes,no,64,128,1/2,"256 (two ways)",,,guide
"""
GPUS = """
pci_device,chip
1f82,TU117
2182,TU116
1e07,TU102
"""


def found(facts: Callable[..., Facts]) -> dict[str, Precisions]:
    return precisions(facts(t18_precisions=TABLE, t09_gpus=GPUS))


def test_formats_are_those_that_the_table_states(facts: Callable[..., Facts]) -> None:
    known = found(facts)

    assert known["6.1"] == Precisions(("fp64", "fp32", "fp16"), (), "1/32", "1/64", (), "guide")
    assert known["7.5"].precisions == ("fp64", "fp32", "fp16", "int8", "int4")
    assert known["7.5"].tensor_precisions == ("fp16", "int8", "int4")
    assert known["7.5"].chips_without_tensor_cores == ("TU116", "TU117")


def test_a_blank_stays_unknown(facts: Callable[..., Facts]) -> None:
    known = found(facts)

    assert known["8.8"] == Precisions()
    assert known["7.2"] == Precisions(("fp16",), None, source="page")


def test_a_rate_that_is_not_one_number_is_left_out(facts: Callable[..., Facts]) -> None:
    known = found(facts)

    assert known["3.5"].fp64_rate is None  # some boards are slower
    assert (known["9.0"].fp64_rate, known["9.0"].fp16_rate) == ("1/2", None)
