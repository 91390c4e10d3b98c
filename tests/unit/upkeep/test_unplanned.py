"""Builds for other makers' GPUs, and builds that no plan takes yet, from excerpts of the facts."""

from __future__ import annotations

from provisioner.catalog.rows import Build
from provisioner.catalog.support import Support
from provisioner.upkeep.derived import pair_variants
from provisioner.upkeep.facts import conda, conda_unplanned, images_unplanned, nvidia_tensorflow
from provisioner.upkeep.facts.torch_accelerators import rocm, xpu
from tests.unit.upkeep.conftest import Tables

INDEX = "https://index.test/whl"

ROCM = """
kind,torch_minor,rocm,rocm_index_builds,gfx,platform,note,source
torch_index_build,2.14,7.14,7.2 7.14,,Linux x86_64,,RELEASE.md ; matrix @68ad (test channel)
torch_index_build,2.7,6.3,6.2.4 6.3,,Linux x86_64,,RELEASE.md ; matrix @6762
torch_index_build,1.13,5.2,,,Linux x86_64,,RELEASE.md
wheel_gfx_list,,6.3,,gfx1201,,PYTORCH_ROCM_ARCH,build.sh; the ROCm range of this list is inferred
"""
PRINTED = Support(
    accelerator="rocm",
    frameworks=("torch",),
    version="==2.7.1",
    rocm=("6.2.4",),
    gpus=("gfx90a", "gfx1100"),
    evidence="printed by the wheel",
    checked="2026-11-20",
)
XPU = """
topic,package,version,requires,source
xpu,torch (index whl/xpu),2.7,Intel GPU driver,docs 2.7 get_start_xpu
xpu-runtime-pins,torch+xpu,2.13,2026.1.0,(public files)
xpu-runtime-pins,torch+xpu,2.14,2026.1.1,"vLLM docs, (public files)"
xpu-runtime-pins,torch+xpu,2.8-era (ops build),2025.1.1,somebody's build
mps,torch,2.12,,docs
"""
CONDA = """
package,version,platform,cuda,arm_variant,python,glibc_min,ci_cudnn,arch_list,source
pytorch,2.13.0,linux-64,12.9,,3.10,2.17,9,5.0;12.0+PTX,feedstock @1
pytorch,2.13.0,linux-64,none,,3.10 3.9,2.17,,,feedstock @1
pytorch,2.13.0,linux-aarch64,12.9,sbsa,3.10,2.17,9,8.0,feedstock @1
pytorch,2.13.0,linux-aarch64,12.9,tegra,3.10,2.34,9,8.7+PTX,feedstock @1
pytorch,1.8.0,win-64,11.1,,3.8,,undefined,,feedstock @2
jaxlib,0.9.2,linux-64,12.9,,3.11,2.17,9,"sm_60,compute_120",feedstock @3
nccl,2.30.4-1,linux-64,12.9 13.2,,,2.28,,,feedstock @4
cudnn,9.11.0.98,linux-64,12.9,,,2.28,,,feedstock @5
cudnn,9.11.0.98,win-64,12.9,,,,,,feedstock @5
cudatoolkit,11.8.0,linux-64 linux-ppc64le win-64,11.8,,,,,,feedstock @6
"""
LEGACY = """
channel,package,version,cuda_spec,cudnn,python,platforms,build_string,compute_archs,status_or_note,source
pytorch,pytorch,2.5.1,pytorch-cuda=12.4,,,linux-64 win-64,,,,page
pytorch,pytorch,1.9.0,cudatoolkit=11.3,,,linux-64 win-64,,,page says 11.3 while wheels say 11.1,page
pytorch-lts,pytorch,1.8.2,cudatoolkit=10.2,,3.6,linux-64,,,LTS branch,page
pytorch-lts,pytorch,1.8.2,cuda10.2,7.6.5,3.6,linux-64 win-64,py{py}_cuda10.2_cudnn7.6.5_0,,,files
defaults,pytorch,2.9.1,cuda-version 12.8 13.0,,,linux-64,,,,recipes
defaults,tensorflow-gpu / b,1.15.0,cudatoolkit 10.0*,cudnn 7.6*,3.7,linux-64 win-64,,3.0 7.5,,git
defaults,tensorflow-gpu,2.2.0,cudatoolkit 10.1*,cudnn 7.6*,,linux-64,,3.0 at a and 3.5 at b,,recipes
defaults,tensorflow-gpu,2.9.1,cudatoolkit 11.3*,,,linux-64,,3.5,recipe branch only,recipes
"""


def release(version: str, **changed: object) -> Build:
    told = {
        "framework": "torch",
        "version": version,
        "platform": "linux-x86_64",
        "pythons": ("3.12",),
        "cuda": "13.0",
        "sass": ("sm_90",),
        "glibc": "2.28",
        "kind": "measured",
        "evidence": f"{changed.get('framework', 'torch')}-{version}.whl",
        "checked": "2026-11-20",
    }
    return Build(**{**told, **changed})  # type: ignore[arg-type]  # keys of one struct


def test_rocm_is_a_variant_of_its_own_for_each_measured_release(facts: Tables) -> None:
    releases = [release("2.7.0"), release("2.7.1"), release("2.7.1", platform="linux-aarch64")]
    found = rocm(facts(t20_rocm_torch_builds=ROCM), releases, INDEX, ())

    assert {(row.version, row.variant, row.platform) for row in found} == {
        (version, variant, "linux-x86_64")
        for version in ("2.7.0", "2.7.1")
        for variant in ("rocm6.2.4", "rocm6.3")
    }
    row = next(row for row in found if row.variant == "rocm6.2.4")
    assert (row.accelerator, row.rocm, row.index) == ("rocm", "6.2.4", f"{INDEX}/rocm6.2.4")
    assert (row.cuda, row.sass, row.kind, row.pythons) == (None, (), "announced", ("3.12",))


def test_amd_targets_are_those_that_somebody_names_for_that_very_build(facts: Tables) -> None:
    releases = [release("2.7.0"), release("2.7.1")]
    made = rocm(facts(t20_rocm_torch_builds=ROCM), releases, INDEX, (PRINTED,))
    found = {(row.version, row.rocm): row for row in made}

    assert found["2.7.1", "6.2.4"].gfx == ("gfx90a", "gfx1100")
    assert "AMD targets: printed by the wheel" in found["2.7.1", "6.2.4"].evidence
    # Another release, another ROCm: what a range of build scripts suggests is no list.
    assert (found["2.7.0", "6.2.4"].gfx, found["2.7.1", "6.3"].gfx) == ((), ())
    assert "AMD targets not known" in found["2.7.1", "6.3"].evidence


def test_what_only_a_test_channel_listed_is_no_release(facts: Tables) -> None:
    found = rocm(facts(t20_rocm_torch_builds=ROCM), [release("2.14.1")], INDEX, ())

    assert [row.variant for row in found] == ["rocm7.14"]


def test_xpu_is_there_where_a_document_names_the_release(facts: Tables) -> None:
    releases = [release(version) for version in ("2.7.0", "2.8.0", "2.12.0", "2.13.0", "2.14.1")]
    found = {row.version: row for row in xpu(facts(t21_xpu_mps=XPU), releases, INDEX)}

    assert set(found) == {"2.7.0", "2.14.1"}
    assert (found["2.7.0"].accelerator, found["2.7.0"].variant) == ("xpu", "xpu")
    assert found["2.7.0"].evidence == "docs 2.7 get_start_xpu"
    assert found["2.14.1"].evidence == "vLLM docs, (public files) (runtime 2026.1.1)"


def test_companions_of_a_rocm_build_are_for_rocm_too(facts: Tables) -> None:
    torch = release("2.7.0")
    others = rocm(facts(t20_rocm_torch_builds=ROCM), [torch], INDEX, ())
    vision = release("0.22.0", framework="torchvision", requires=("torch==2.7.0",))

    found = pair_variants([vision], [torch, *others])

    assert [(row.variant, row.accelerator, row.rocm) for row in found] == [
        ("rocm6.2.4", "rocm", "6.2.4"),
        ("rocm6.3", "rocm", "6.3"),
    ]
    assert {(row.cuda, row.sass, row.gfx) for row in found} == {(None, (), ())}
    assert all(row.index_holds_dependencies for row in found)


def test_conda_forge_gives_what_plans_do_not_take(facts: Tables) -> None:
    made = conda_unplanned.conda_forge(facts(t14_conda_forge_builds=CONDA), "pytorch", "torch")
    found = {(row.variant, row.platform): row for row in made}

    assert set(found) == {
        ("conda-forge-cuda129-sbsa", "linux-aarch64"),
        ("conda-forge-cuda129-tegra", "linux-aarch64"),
        ("conda-forge-cuda111", "windows-x86_64"),
    }
    jetson = found["conda-forge-cuda129-tegra", "linux-aarch64"]
    assert (jetson.sass, jetson.ptx, jetson.glibc) == (("sm_87",), ("compute_87",), "2.34")
    windows = found["conda-forge-cuda111", "windows-x86_64"]
    assert (windows.sass, windows.cudnn, windows.glibc) == ((), None, None)
    assert windows.evidence.endswith("architectures not known")


def test_conda_forge_gives_builds_without_cuda_by_the_string_that_tells_them_apart(
    facts: Tables,
) -> None:
    made = conda.conda_forge(facts(t14_conda_forge_builds=CONDA), "torch")
    (bare,) = (row for row in made if row.cuda is None)

    assert (bare.variant, bare.platform) == ("conda-forge-cpu", "linux-x86_64")
    assert (bare.build_string, bare.pythons, bare.cpu) == ("cpu*", ("3.9", "3.10"), ())


def test_jaxlib_is_known_and_answers_to_its_own_name(facts: Tables) -> None:
    (row,) = conda_unplanned.every_conda_forge(facts(t14_conda_forge_builds=CONDA), "jaxlib")

    assert (row.framework, row.package, row.variant) == ("jaxlib", None, "conda-forge-cuda129")
    assert (row.sass, row.ptx) == (("sm_60",), ("compute_120",))


def test_libraries_of_other_systems_and_nccl_have_a_row_for_each_cuda(facts: Tables) -> None:
    found = conda_unplanned.libraries(facts(t14_conda_forge_builds=CONDA))

    assert [(row.package, row.platform, row.cuda) for row in found] == [
        ("nccl", "linux-x86_64", "12.9"),
        ("nccl", "linux-x86_64", "13.2"),
        ("cudnn", "windows-x86_64", "12.9"),
        ("cudatoolkit", "windows-x86_64", "11.8"),
    ]


def test_pytorchs_channel_leaves_open_what_nobody_read(facts: Tables) -> None:
    made = conda_unplanned.pytorch_channel(facts(t15_conda_legacy=LEGACY))
    found = {(row.version, row.variant, row.platform): row for row in made}

    assert set(found) == {
        ("2.5.1", "pytorch-cuda124", "linux-x86_64"),
        ("2.5.1", "pytorch-cuda124", "windows-x86_64"),
        ("1.8.2", "pytorch-lts-cuda102", "linux-x86_64"),
        ("1.8.2", "pytorch-lts-cuda102", "windows-x86_64"),
    }
    row = found["2.5.1", "pytorch-cuda124", "linux-x86_64"]
    assert (row.pythons, row.sass, row.build_string) == ((), (), None)
    # The page of the files says more than the page of the commands, for Linux.
    row = found["1.8.2", "pytorch-lts-cuda102", "linux-x86_64"]
    assert (row.cudnn, row.build_string) == ("7.6.5", "*_cuda10.2_*")
    assert found["1.8.2", "pytorch-lts-cuda102", "windows-x86_64"].cudnn is None


def test_the_defaults_channel_gives_builds_with_one_cuda(facts: Tables) -> None:
    tables = facts(t15_conda_legacy=LEGACY)
    found = conda_unplanned.defaults(tables, "tensorflow-gpu")

    # 1.15.0 on Linux is what plans choose from; 2.9.1 was never seen on the channel.
    assert [(row.version, row.platform, row.sass) for row in found] == [
        ("1.15.0", "windows-x86_64", ("sm_30", "sm_75")),
        ("2.2.0", "linux-x86_64", ()),
    ]
    assert {row.provides for row in found} == {"tensorflow"}
    assert conda_unplanned.defaults(tables, "torch") == []


FRAMEWORK_IMAGES = """
image,tag,framework_version,cuda,cudnn,python,driver_min,how_known,source
nvcr.io/nvidia/pytorch,22.06-py3,1.13.0a0+340c412,11.7u1 preview,,3.8,515,own notes,notes 22.06
nvcr.io/nvidia/pytorch,22.03-py3,1.12.0a0+2c916ef,11.6.1,,3.8,510 (a) / 470 (b),own notes,notes
nvcr.io/nvidia/pytorch,26.03-py3,2.11.0a0+a6c236b9fd,13.2,,3.12,595.58.03 seen,base,notes
nvcr.io/nvidia/tensorflow,"21.09-tf1-py3, 21.09-tf2-py3",1.15.5 / 2.6.0,11.4.2,,3.8,470,base,notes
pytorch/pytorch,"2.14.1-cuda13.2-cudnn9-runtime, -devel",2.14.1,13.2,9,,,tag sighted,(files)
pytorch/pytorch,"2.14.1-cuda13.0-cudnn9-runtime, -devel",2.14.1,13.0,9,,,tag inferred,06
pytorch/pytorch,2.15.0-*,2.15.0,,,,,no sighting,find
"""


def test_nvidias_images_are_listed_where_all_a_plan_needs_is_said(facts: Tables) -> None:
    tables = facts(t16_framework_images=FRAMEWORK_IMAGES)

    (torch,) = images_unplanned.ngc(tables, "torch")
    (tensorflow,) = images_unplanned.ngc(tables, "tensorflow")

    assert torch.image == "nvcr.io/nvidia/pytorch:22.06-py3"
    assert (torch.version, torch.cuda, torch.driver_floor) == ("1.13.0a0+340c412", "11.7", "515")
    assert torch.evidence == "notes 22.06 (own notes); architectures not known"
    # Generations that notes name are no list of what was compiled.
    assert torch.sass == ()
    assert (tensorflow.version, tensorflow.variant) == ("2.6.0", "ngc-21.09-tf2-py3")
    assert images_unplanned.ngc(tables, "jax") == []


def test_pytorchs_images_are_those_that_somebody_uses(facts: Tables) -> None:
    found = images_unplanned.pytorch(facts(t16_framework_images=FRAMEWORK_IMAGES), "docker.io")

    assert [row.image for row in found] == [
        f"docker.io/pytorch/pytorch:2.14.1-cuda13.2-cudnn9-{flavour}"
        for flavour in ("runtime", "devel")
    ]
    assert {(row.version, row.cuda, row.pythons) for row in found} == {("2.14.1", "13.2", ())}


def test_cuda_images_that_may_be_gone_are_not_listed(facts: Tables) -> None:
    tags = """
tag,cuda,addon,flavour,os,status,source
12.6.3-cudnn-devel-rockylinux9,12.6.3,cudnn,devel,rockylinux9,supported 2025-08,tags.md
12.6.3-base-ubuntu24.04,12.6.3,,base,ubuntu24.04,supported 2025-08,tags.md
12.6.1-base-ubuntu24.04,12.6.1,,base,ubuntu24.04,listed unsupported (EOL) 2025-08,tags.md
"""
    pins = """
cuda,os,flavour,package_spec,eol,source
12.6.3,rockylinux9,devel/cudnn,libcudnn9-cuda-12-9.5.1.17-1,False,"same mirror, dist/Dockerfile"
"""
    found = images_unplanned.cuda(
        facts(t10_cuda_image_tags=tags, t12_package_pins=pins), "docker.io"
    )

    assert [(row.image, row.os, row.cuda, row.cudnn) for row in found] == [
        ("docker.io/nvidia/cuda:12.6.3-cudnn-devel-rockylinux9", "rocky-9", "12.6", "9.5.1.17"),
        ("docker.io/nvidia/cuda:12.6.3-base-ubuntu24.04", "ubuntu-24.04", "12.6", None),
    ]
    assert found[0].evidence == "tags.md; cuDNN: dist/Dockerfile"


def test_nvidias_wheels_with_a_gap_are_known_and_not_planned(facts: Tables) -> None:
    seen = """
wheel_version,python,cuda,index,note,source
1.15.5+nv21.07,,,pyindex,,scripts
1.15.5+nv22.07,cp36,,hub.test/compute/redist,file a.whl,scripts
1.15.5+nv22.09,cp36,,same,,scripts
"""
    branches = """
image,tag,framework_version,cuda,cudnn,source
nvidia-tensorflow (pip),21.07-tf1-py3 / 1.15.5+nv21.07,1.15.5,,,branch 21.07
nvidia-tensorflow (pip),22.07-tf1-py3 / 1.15.5+nv22.07,1.15.5,11.7.0,8.4.1.50,branch 22.07
nvidia-tensorflow (pip),22.09-tf1-py3 / 1.15.5+nv22.09,1.15.5,11.7.1,8.6.0.163,branch 22.09
"""
    notes = """
topic,fact,source
cpu,PyPI binaries >= 1.6 need AVX; 1.5.0 did not; 1.5.1 was built with AVX by mistake,an issue
"""
    addresses = {"nvidia-pyindex": "https://a.test", "nvidia-redist": "https://b.test"}

    found = nvidia_tensorflow.unplanned(
        facts(
            t11_nvidia_tensorflow=seen,
            t16_framework_images=branches,
            t07_tensorflow_notes=notes,
        ),
        addresses,
    )

    # A build whose CUDA nobody knows would look like one without CUDA.
    assert [(row.version, row.index, row.pythons, row.cuda) for row in found] == [
        ("1.15.5+nv22.07", "https://b.test", ("3.6",), "11.7"),
        ("1.15.5+nv22.09", "https://b.test", ("3.6",), "11.7"),
    ]
