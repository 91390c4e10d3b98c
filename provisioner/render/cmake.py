"""``CMakePresets.json`` and what editors read: nvcc, its host compiler, code for these GPUs.

Where the environment lies is nobody's business here: its variables say it. They are there in
``dlsetup env shell`` and ``env run``, after a script's ``cuda.sh``, and in a conda environment.
"""

from __future__ import annotations

import json
from typing import Any

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.formats import RenderedFile
from provisioner.render.quoting import comment, quoted

_NAME = "cuda"
_BUILD = f"build/{_NAME}"
_EVERY_MAJOR = "all-major"
"""For a machine without a GPU, whose programs are for others: no GPU is left out silently."""
_CMAKE = {"major": 3, "minor": 23, "patch": 0}
"""The first that knows ``all-major``."""
_OF_NVCC = (
    "-forward-unknown-to-host-compiler",
    "-ccbin*",
    "--generate-code*",
    "-arch*",
    "-Xcompiler*",
    "-Xcudafe*",
    "--expt-*",
    "--options-file*",
    "-rdc*",
)
"""What CMake says to nvcc and clang would not understand."""


def files(plans: tuple[Plan, ...], catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return the presets, VS Code's settings, and clangd's where nvcc comes as wheels."""
    plan = plans[0]
    made = [
        RenderedFile("CMakePresets.json", _json(_presets(plan, catalog))),
        RenderedFile(".vscode/settings.json", _told(plan) + _json(_settings())),
        RenderedFile(".vscode/c_cpp_properties.json", _told(plan) + _json(_properties(plan))),
    ]
    if plan.via == "pip":
        made.append(RenderedFile(".clangd", _clangd(plan)))
    return tuple(made)


def _presets(plan: Plan, catalog: Catalog) -> dict[str, Any]:
    nvcc, host = _compilers(plan)
    cache = {
        "CMAKE_CUDA_COMPILER": nvcc,
        "CMAKE_CUDA_HOST_COMPILER": host,
        "CMAKE_CXX_COMPILER": host,
        "CMAKE_CUDA_ARCHITECTURES": _architectures(plan),
        "CMAKE_EXPORT_COMPILE_COMMANDS": "ON",
    }
    if plan.via == "pip":
        # nvcc finds it by itself; what reads compile_commands.json does not.
        cache["CMAKE_CUDA_STANDARD_INCLUDE_DIRECTORIES"] = "$env{CUDA_HOME}/include/cccl"
    about = {
        "plan": comment(facts.summary(plan)),
        "machine": [comment(line) for line in facts.machine_lines(plan, catalog)],
        "pins": [comment(line) for line in facts.pin_lines(plan)],
    }
    preset = {
        "name": _NAME,
        "displayName": comment(f"CUDA {_cuda(plan)} for {_gpus(plan)}"),
        "description": _where(plan),
        "binaryDir": f"${{sourceDir}}/{_BUILD}",
        "cacheVariables": cache,
    }
    return {
        "version": 3,
        "cmakeMinimumRequired": _CMAKE,
        "vendor": {"dlsetup": about},
        "configurePresets": [preset],
        "buildPresets": [{"name": _NAME, "configurePreset": _NAME}],
    }


def _compilers(plan: Plan) -> tuple[str, str]:
    """nvcc and the C++ compiler that it calls, as CMake expands them."""
    if plan.via == "conda":
        return "$env{CONDA_PREFIX}/bin/nvcc", "$env{CXX}"
    program = plan.host_compiler.program if plan.host_compiler else "g++"
    return "$env{CUDA_HOME}/bin/nvcc", program


def _architectures(plan: Plan) -> str:
    numbers = [target.removeprefix("sm_") for target in plan.targets]
    return ";".join(numbers) or _EVERY_MAJOR


def _settings() -> dict[str, Any]:
    return {
        "cmake.useCMakePresets": "always",
        "C_Cpp.default.compileCommands": f"${{workspaceFolder}}/{_BUILD}/compile_commands.json",
    }


def _properties(plan: Plan) -> dict[str, Any]:
    conda = plan.via == "conda"
    root = "${env:CONDA_PREFIX}" if conda else "${env:CUDA_HOME}"
    inside = f"{root}/targets/x86_64-linux/include" if conda else f"{root}/include"
    arm = plan.machine.arch == "aarch64"
    if conda and arm:
        inside = f"{root}/targets/sbsa-linux/include"
    return {
        "configurations": [
            {
                "name": "CUDA",
                "compilerPath": f"{root}/bin/nvcc",
                "intelliSenseMode": "linux-gcc-arm64" if arm else "linux-gcc-x64",
                "includePath": ["${workspaceFolder}/**", inside, f"{inside}/cccl"],
                "compileCommands": f"${{workspaceFolder}}/{_BUILD}/compile_commands.json",
            }
        ],
        "version": 4,
    }


def _clangd(plan: Plan) -> str:
    """clangd finds CUDA by the ptxas on PATH; it reads code as for the oldest of the GPUs."""
    lines = [*_lines(plan), "CompileFlags:", f"  CompilationDatabase: {_BUILD}", "  Remove:"]
    lines += [f"    - {quoted(flag)}" for flag in _OF_NVCC]
    lines += ["  Add:", "    - -Wno-unknown-cuda-version"]
    targets = plan.targets
    if targets:
        oldest = min(targets, key=lambda target: int(target.removeprefix("sm_")))
        lines.append(f"    - --cuda-gpu-arch={oldest}")
    return "".join(f"{line}\n" for line in ("---", *lines))


def _where(plan: Plan) -> str:
    if plan.via == "conda":
        return "In the activated conda environment."
    return "In 'dlsetup env shell NAME', or after '. cuda.sh' of a script's environment."


def _lines(plan: Plan) -> list[str]:
    told = ["Made by dlsetup.", *facts.pin_lines(plan), _where(plan)]
    return [f"# {comment(line)}" for line in told]


def _told(plan: Plan) -> str:
    """The same for VS Code, whose JSON may hold comments."""
    return "".join(f"//{line.removeprefix('#')}\n" for line in _lines(plan))


def _cuda(plan: Plan) -> str:
    return (plan.nvcc.cuda if plan.nvcc else None) or ""


def _gpus(plan: Plan) -> str:
    return ", ".join(dict.fromkeys(gpu.name for gpu in plan.machine.gpus)) or "any GPU"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
