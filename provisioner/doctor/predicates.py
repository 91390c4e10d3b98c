"""Predicates: what facts together say, where no single word does.

Each takes symptoms and the catalog and returns a sentence of evidence, or None where it does not
hold or nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from provisioner.catalog.load import Catalog
from provisioner.doctor.symptoms import Installed, Symptoms
from provisioner.machine import Gpu
from provisioner.version import at_least, capability_of, numbers, order

Predicate = Callable[[Symptoms, Catalog], "str | None"]

_LISTED = re.compile(r"(?:sm|compute)_(\d{2,3})[af]?(?![0-9])")
_SUPPORTS = re.compile(r"supports cuda capabilities ([^\n]*)")
_NEEDED = re.compile(r"sm_(\d{2,3})[af]? is not compatible|capability of? ?:?(\d{1,2})\.(\d)")
_REQUIRES_CUDA = re.compile(r"cuda ?>= ?(\d{1,2}\.\d)")
_BUILD_CUDA = re.compile(r"^cu(\d{2,3})")
_FLAGS = re.compile(r"(?m)^ ?flags ?: ?(.*)$")
_TARGET = re.compile(
    r"(?:value 'sm_|architecture '?(?:compute|sm)_|cuda arch \(?)(\d{1,2})\.?(\d)(?!\d)"
)


def _capability(gpu: Gpu) -> tuple[int, ...]:
    return numbers(gpu.compute_capability) if gpu.compute_capability else ()


def _targets(text: str) -> list[tuple[int, ...]]:
    """The compute capabilities of a list such as ``sm_70 sm_86 compute_90``."""
    return [numbers(capability_of(f"sm_{match[1]}")[0]) for match in _LISTED.finditer(text)]


def _met(symptoms: Symptoms) -> tuple[tuple[int, ...], list[tuple[int, ...]]] | None:
    """The capability of the GPU that PyTorch complains of, and those that its build has."""
    supports = _SUPPORTS.search(symptoms.text)
    if supports is None:
        return None
    needed = _NEEDED.search(symptoms.text)
    if needed and needed[1]:
        mine = numbers(capability_of(f"sm_{needed[1]}")[0])
    else:
        mine = max((_capability(gpu) for gpu in symptoms.gpus), default=())
    listed = _targets(supports[1])
    return (mine, listed) if mine and listed else None


def above_the_list(symptoms: Symptoms, _: Catalog) -> str | None:
    """The GPU is newer than everything that the build's own list has."""
    found = _met(symptoms)
    if found and found[0] > max(found[1]):
        return f"compute capability {_dotted(found[0])} is above every target of the build"
    return None


def below_the_list(symptoms: Symptoms, _: Catalog) -> str | None:
    """The GPU is older than everything that the build's own list has."""
    found = _met(symptoms)
    if found and found[0] < min(found[1]):
        return f"compute capability {_dotted(found[0])} is below every target of the build"
    return None


def recent_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU of compute capability 8.0 or later."""
    return _first_gpu(symptoms, lambda capability: capability >= (8, 0))


def blackwell_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU that only the open kernel modules drive."""
    return _first_gpu(symptoms, lambda capability: capability >= (10, 0))


def old_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU older than Turing, which newer builds leave out."""
    return _first_gpu(symptoms, lambda capability: capability < (7, 5))


def _first_gpu(symptoms: Symptoms, fits: Callable[[tuple[int, ...]], bool]) -> str | None:
    for gpu in symptoms.gpus:
        if gpu.vendor == "nvidia" and gpu.compute_capability and fits(_capability(gpu)):
            return f"{gpu.name} has compute capability {gpu.compute_capability}"
    return None


def geforce(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU on which forward compatibility is not supported."""
    for gpu in symptoms.gpus:
        if re.search(r"geforce|gtx|rtx \d{4}|titan", gpu.name.lower()):
            return f"{gpu.name} is no data-centre GPU"
    return None


def new_target(symptoms: Symptoms, _: Catalog) -> str | None:
    """A compiler does not know an architecture of Ampere or later."""
    match = _TARGET.search(symptoms.text)
    if match and int(match[1]) >= 8:
        return f"the compiler does not know {match[1]}.{match[2]}"
    return None


def old_target(symptoms: Symptoms, _: Catalog) -> str | None:
    """A compiler has dropped an architecture before Turing."""
    match = _TARGET.search(symptoms.text)
    if match and int(match[1]) < 7:
        return f"the compiler has no {match[1]}.{match[2]} any more"
    return None


def module_differs(symptoms: Symptoms, _: Catalog) -> str | None:
    """Kernel module and user space are of different releases."""
    mine, module = symptoms.driver, symptoms.module
    if mine and module and "." in mine and "." in module and not _same(mine, module):
        return f"user space {mine}, kernel module {module}"
    return None


def _same(one: str, other: str) -> bool:
    return numbers(one) == numbers(other)


def driver_below_image(symptoms: Symptoms, _: Catalog) -> str | None:
    """An image asks for a newer CUDA than the driver speaks."""
    match = _REQUIRES_CUDA.search(symptoms.text)
    if match and symptoms.driver_cuda and not at_least(symptoms.driver_cuda, match[1]):
        return f"the image needs CUDA {match[1]}, the driver speaks {symptoms.driver_cuda}"
    return None


def driver_below_build(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """A package is built for a CUDA whose floor the driver does not reach."""
    if not symptoms.driver or symptoms.family == "windows" or symptoms.wsl:
        return None
    for package in symptoms.packages:
        cuda = _cuda_of(package)
        if cuda is None:
            continue
        row = next((row for row in catalog.cuda if row.version == cuda), None)
        floor = row.driver_floor.linux if row and row.driver_floor else None
        if floor and not at_least(symptoms.driver, floor):
            return f"{package.name} {package.version}+{package.local} needs driver {floor}, " \
                f"there is {symptoms.driver}"
    return None


def _cuda_of(package: Installed) -> str | None:
    """The CUDA that a variant names: ``cu121`` → ``12.1``."""
    match = _BUILD_CUDA.match(package.local)
    return f"{match[1][:-1]}.{match[1][-1]}" if match else None


def nvcc_differs(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvcc is of another CUDA than the framework."""
    for package in symptoms.packages:
        cuda = _cuda_of(package)
        if cuda and symptoms.toolkit and cuda != symptoms.toolkit:
            return f"{package.name} is built for CUDA {cuda}, nvcc is {symptoms.toolkit}"
    return None


def cpu_variant(symptoms: Symptoms, _: Catalog) -> str | None:
    """A framework's build says that it is for the CPU."""
    for package in symptoms.packages:
        if package.local.startswith("cpu") or "_cpu" in package.local:
            return f"{package.name} {package.version} {package.local} is a build for the CPU"
    return None


def cuda_variant(symptoms: Symptoms, _: Catalog) -> str | None:
    """A framework's build says that it is for CUDA."""
    for package in symptoms.packages:
        if _cuda_of(package) or "cuda" in package.local:
            return f"{package.name} {package.version} {package.local} is a build for CUDA"
    return None


def _tensorflow(symptoms: Symptoms) -> Installed | None:
    return symptoms.package("tensorflow")


def tensorflow_1(symptoms: Symptoms, _: Catalog) -> str | None:
    """TensorFlow 1 is there or wanted."""
    for found in symptoms.packages:
        if found.name == "tensorflow" and found.version.startswith(("1.", "0.")):
            return f"TensorFlow {found.version}"
    if re.search(r"tensorflow(?:-gpu)?(?:==| |-|=|<|~=)?v?1\.|tensorflow 1(?![\d.])|(?<![a-z])tf ?1",
                 symptoms.text):  # fmt: skip
        return "TensorFlow 1"
    return None


def python_after_3_7(symptoms: Symptoms, _: Catalog) -> str | None:
    """A Python that TensorFlow 1 was never built for."""
    if symptoms.python.startswith("3.") and order(symptoms.python) > order("3.7"):
        return f"Python {symptoms.python}"
    return None


def tensorflow_without_windows(symptoms: Symptoms, _: Catalog) -> str | None:
    """TensorFlow 2.11 or later on Windows itself."""
    found = _tensorflow(symptoms)
    if symptoms.family == "windows" and found and _from(found.version, "2.11"):
        return f"TensorFlow {found.version} on Windows"
    return None


def tensorflow_on_windows(symptoms: Symptoms, _: Catalog) -> str | None:
    """TensorFlow of no named release on Windows itself."""
    named = "tensorflow" in symptoms.text or re.search(r"(?<![a-z])tf\.", symptoms.text)
    if symptoms.family == "windows" and named:
        found = _tensorflow(symptoms)
        if found is None or _from(found.version, "2.11"):
            return "TensorFlow on Windows"
    return None


def _from(version: str, floor: str) -> bool:
    try:
        return order(version.replace("x", "0")) >= order(floor)
    except ValueError:
        return False


def numpy_2(symptoms: Symptoms, _: Catalog) -> str | None:
    """NumPy 2 is there."""
    found = symptoms.package("numpy")
    return f"NumPy {found.version}" if found and found.version.startswith("2.") else None


def no_avx_in_flags(symptoms: Symptoms, _: Catalog) -> str | None:
    """The processor lists its flags, and AVX is not among them."""
    match = _FLAGS.search(symptoms.text)
    if match and "sse2" in match[1].split() and "avx" not in match[1].split():
        return "the processor's flags have no avx"
    return None


def several_gpus(symptoms: Symptoms, _: Catalog) -> str | None:
    """More than one GPU."""
    found = re.search(r"(?<![a-z0-9])(?:x ?[2-9]|[2-9] ?x |1[06]x?) ?|gpu [1-7]:", symptoms.text)
    return "several GPUs" if found or len(symptoms.gpus) > 1 else None


def in_container(symptoms: Symptoms, _: Catalog) -> str | None:
    """The report speaks of a container."""
    return "it runs in a container" if symptoms.container else None


def given_gpus(symptoms: Symptoms, _: Catalog) -> str | None:
    """The container was started with GPUs."""
    if re.search(r"--gpus|--runtime[= ]nvidia|nvidia-docker run|device_ids|capabilities: \[gpu", symptoms.text):
        return "the container was given GPUs"
    return None


def in_wsl(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is WSL2."""
    return "it runs in WSL" if symptoms.wsl else None


def on_windows(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is Windows itself."""
    return "it runs on Windows" if symptoms.family == "windows" else None


def on_mac(symptoms: Symptoms, _: Catalog) -> str | None:
    """The system is macOS."""
    return "it runs on macOS" if symptoms.family == "macos" else None


def on_arm(symptoms: Symptoms, _: Catalog) -> str | None:
    """An ARM processor under Linux."""
    return "its processor is ARM" if symptoms.arch == "aarch64" and symptoms.family != "macos" else None


def in_cloud(symptoms: Symptoms, _: Catalog) -> str | None:
    """A virtual machine of a cloud."""
    match = re.search(r"(?<![a-z])(azure|aws|gcp|google cloud|ec2|vm)(?![a-z])", symptoms.text)
    return f"a machine of {match[1]}" if match else None


def working_smi(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvidia-smi printed its table, so that the driver runs."""
    if re.search(r"nvidia-smi \d{3}.*driver version|driver version: \d{3}.*cuda version", symptoms.text):
        return "nvidia-smi works"
    return None


def amd_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """An AMD GPU."""
    return next((gpu.name for gpu in symptoms.gpus if gpu.vendor == "amd"), None)


def cudnn_elsewhere(symptoms: Symptoms, _: Catalog) -> str | None:
    """The library that is missed lies on the disk."""
    found = re.search(r"(?m)^.*(?:locate|find|ls|exists|present).*(lib(?:cudnn|cublas|cudart)\S*)", symptoms.text)
    return f"{found[1]} lies on the disk" if found else None


def memory_without_process(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvidia-smi shows memory in use, and no process that uses it."""
    used = [int(match[1]) for match in re.finditer(r"(\d+)mib ?/ ?\d+mib", symptoms.text)]
    if used and max(used) > 1024 and re.search(r"no running processes|no process", symptoms.text):
        return f"{max(used)} MiB are in use, by no process that is shown"
    return None


def very_old_gpu(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU older than any that today's builds serve."""
    return _first_gpu(symptoms, lambda capability: capability < (3, 5))


def before_turing(symptoms: Symptoms, _: Catalog) -> str | None:
    """A GPU older than Turing, also where only its generation is named."""
    named = re.search(r"(?<![a-z])(volta|pascal|maxwell|kepler)(?![a-z])", symptoms.text)
    return old_gpu(symptoms, _) or (f"a GPU of {named[1].title()}" if named else None)


def cuda_13(symptoms: Symptoms, _: Catalog) -> str | None:
    """Something is built for CUDA 13."""
    found = re.search(r"cu13\d|cuda[ _-]?13|cuda version: 13", symptoms.text)
    return "CUDA 13" if found else None


def two_onnxruntimes(symptoms: Symptoms, _: Catalog) -> str | None:
    """ONNX Runtime for the CPU lies beside the one for GPUs, under the same module name."""
    both = re.search(r"(?<![\w-])onnxruntime(?:==| )\S", symptoms.text)
    if both and re.search(r"onnxruntime[-_]gpu", symptoms.text):
        return "onnxruntime and onnxruntime-gpu hold the same module"
    return None


def two_versions(symptoms: Symptoms, _: Catalog) -> str | None:
    """What Python imports is another version than a package manager lists."""
    running = re.search(r"pytorch version: (\d+\.\d+\.\d+)", symptoms.text)
    listed = re.search(r"(?m)^ ?\[?(?:conda|pip\d?)\]? (?:torch|pytorch)[ =]+(\d+\.\d+\.\d+)",
                       symptoms.text)  # fmt: skip
    if running and listed and running[1] != listed[1]:
        return f"torch {running[1]} is imported, {listed[1]} is listed"
    return None


def two_frameworks(symptoms: Symptoms, _: Catalog) -> str | None:
    """Two frameworks that bring CUDA's libraries are named for one environment."""
    patterns = {"torch": r"torch", "tensorflow": r"tensorflow", "jax": r"jax(?:lib)?"}
    named = [
        name
        for name, pattern in patterns.items()
        if re.search(rf"(?<![\w./-]){pattern}(?:\[[^\]]*\])?(?:==| ?\(|=| \d| and | beside )", symptoms.text)
    ]
    return " and ".join(named) if len(named) > 1 else None


def cudart_of_another(symptoms: Symptoms, _: Catalog) -> str | None:
    """An extension asks for the CUDA runtime of another release than the framework's."""
    wanted = re.search(r"libcudart\.so\.(\d{1,2})(?:\.(\d))?", symptoms.text)
    for package in symptoms.packages:
        cuda = _cuda_of(package)
        if wanted and cuda and cuda.partition(".")[0] != wanted[1]:
            return f"{package.name} is built for CUDA {cuda}, something asks for {wanted[0]}"
    return None


def memory_while_idle(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvidia-smi shows most of the memory in use, while the GPU computes nothing."""
    for match in re.finditer(r"(\d+)mib ?/ ?(\d+)mib ?\| *0%", symptoms.text):
        if int(match[1]) * 2 > int(match[2]):
            return f"{match[1]} of {match[2]} MiB are in use at 0% load"
    return None


def _dotted(capability: tuple[int, ...]) -> str:
    return ".".join(map(str, capability))


PREDICATES: dict[str, Predicate] = {
    function.__name__.replace("_", "-"): function
    for function in (
        above_the_list, below_the_list, recent_gpu, blackwell_gpu, old_gpu, geforce, new_target,
        old_target, module_differs, driver_below_image, driver_below_build, nvcc_differs,
        cpu_variant, cuda_variant, tensorflow_1, python_after_3_7, tensorflow_without_windows,
        tensorflow_on_windows, numpy_2, no_avx_in_flags, several_gpus, in_container, given_gpus,
        in_wsl, on_windows, on_mac, on_arm, in_cloud, working_smi, amd_gpu, cudnn_elsewhere,
        memory_without_process, very_old_gpu, before_turing, cuda_13, two_onnxruntimes,
        two_versions, two_frameworks, cudart_of_another, memory_while_idle,
    )
}  # fmt: skip
"""Every predicate by the name that rows call it."""
