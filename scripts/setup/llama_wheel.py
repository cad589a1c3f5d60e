"""llama-cpp-python: built from source once for each set of build options, and the wheel kept for the next checkout.

Of llama.cpp only what the product loads is built, libllama and ggml; its chat library, its programs and its multimodal part
are not. So `llama_cpp.mtmd_cpp` does not import, which nothing here uses.

`CUDA=1` builds for NVIDIA GPUs, `CUDA=0` goes back to the processor, CMAKE_ARGS reaches the build as it is. With none of
them, whatever is installed stays.
"""

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.checkout import PYTHON, STATE
from scripts.setup.command import run
from scripts.setup.failure import SetupFailed
from scripts.setup.stamp import Stamp, digest
from scripts.setup.toolchain import cuda_compiler, require_compiler
from scripts.setup.virtualenv import PIP, project

PACKAGE = "llama-cpp-python"
CUDA_OPTION = "-DGGML_CUDA=on"
ON, OFF = {"1", "on", "true", "yes"}, {"0", "off", "false", "no"}
LIBRARY = Path(__file__).with_name("llama_library.cmake")
# How it is built, whatever the options: scikit-build-core's settings, which pip passes on. The defines come before CMAKE_ARGS.
RECIPE = {
    "build.targets": "llama",
    "cmake.define.LLAVA_BUILD": "OFF",
    # llama.cpp installs itself a second time, with its headers, to where no Python looks.
    "wheel.exclude": "include/**;lib/**;lib64/**",
}
# The build tool counts its steps: "[12/345] Building CXX object ...".
STEP = re.compile(r"\[(\d+)/(\d+)\]")


@dataclass(frozen=True)
class Build:
    """One version, built with certain options. Without options it is the plain build for the processor."""

    version: str
    options: str

    @property
    def requirement(self) -> str:
        """The package as pip names it."""
        return f"{PACKAGE}=={self.version}"

    @property
    def key(self) -> str:
        """What a stamp remembers of it."""
        return f"{self.version} {recipe_digest()}\n{self.options}"

    @property
    def with_cuda(self) -> bool:
        """Whether it is a build for NVIDIA GPUs."""
        return CUDA_OPTION in self.options

    @property
    def folder(self) -> Path:
        """Where the wheel is kept: apart for each set of options and each recipe. It is for any Python 3, so that does not count."""
        kind = "cuda" if self.with_cuda else "custom" if self.options else "cpu"
        variant = digest(recipe_digest(), self.options)[:8]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "conversation-assistant" / "wheels" / f"{sysconfig.get_platform()}-{kind}-{variant}"

    @property
    def kept_wheel(self) -> Path | None:
        """The wheel of an earlier build."""
        return next(self.folder.glob(f"{PACKAGE.replace('-', '_')}-{self.version}-*.whl"), None)


def recipe_digest() -> str:
    """Return a short hash of how the library is built, so that a wheel of another recipe is never taken for one of this."""
    return digest(*(f"{name}={value}" for name, value in RECIPE.items()), LIBRARY.read_text())[:8]


def wanted_options(environment: Mapping[str, str]) -> str | None:
    """Return the build options that the environment asks for; None when it asks for nothing."""
    cuda, options = environment.get("CUDA", "").lower(), environment.get("CMAKE_ARGS", "").strip()
    if cuda in ON:
        return options if CUDA_OPTION in options else f"{options} {CUDA_OPTION}".strip()
    if cuda in OFF or options:
        return options
    if cuda:
        raise SetupFailed(f"CUDA={cuda} is not understood: use CUDA=1 or CUDA=0")
    return None


def pinned_version() -> str:
    """Return the version that pyproject.toml asks for."""
    worker = project()["project"]["optional-dependencies"]["worker"]
    return next(str(line).partition("==")[2] for line in worker if line.startswith(f"{PACKAGE}=="))


def install_llama() -> bool:
    """Install llama-cpp-python with the options asked for, from the kept wheel or by building it; say whether it changed."""
    stamp = Stamp(STATE / PACKAGE)
    asked = wanted_options(os.environ)
    build = Build(pinned_version(), options_of(stamp.read()) if asked is None else asked)
    if stamp.holds(build.key):
        return False
    wheel = build.kept_wheel or build_wheel(build)
    stamp.clear()
    # Forced, because pip takes a wheel of the same version for the same wheel. What it needs comes with the other packages.
    run("llama-cpp-python", [*PIP, "install", "--no-deps", "--force-reinstall", str(wheel)])
    stamp.write(build.key)
    return True


def options_of(key: str | None) -> str:
    """Return the options of the build that a stamp remembers, so that a GPU build survives a plain `make setup`."""
    return key.partition("\n")[2] if key else ""


def require_loadable() -> None:
    """Fail when the installed library does not load, for example without the GPU's own libraries."""
    loaded = subprocess.run([PYTHON, "-c", "import llama_cpp"], check=False, capture_output=True, text=True)
    if loaded.returncode:
        Stamp(STATE / PACKAGE).clear()
        raise SetupFailed(
            f"{loaded.stderr}\n{PACKAGE} was installed but does not load; `make setup CUDA=0` goes back to the plain build"
        )


def build_wheel(build: Build) -> Path:
    """Build the wheel and keep it: a few minutes on a small machine, and longer for a GPU. pip brings CMake and Ninja."""
    environment = {"CMAKE_ARGS": build.options}
    if build.with_cuda:
        environment["CUDACXX"] = cuda_compiler()
    require_compiler()
    build.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build.folder) as unfinished:
        # pip knows the wheels in its cache by version alone and would hand out one that was built otherwise.
        command = [*PIP, "wheel", "--verbose", "--no-deps", "--no-cache-dir", "--no-binary", PACKAGE]
        for setting in ({**RECIPE, "cmake.define.CMAKE_PROJECT_llama_cpp_INCLUDE": str(LIBRARY)}).items():
            command += ["--config-settings", "=".join(setting)]
        command += ["--wheel-dir", unfinished, build.requirement]
        run("Building llama-cpp-python", command, environment=environment, fraction_in=steps_done)
        (made,) = Path(unfinished).glob("*.whl")
        return Path(shutil.move(made, build.folder / made.name))


def steps_done(line: str) -> float | None:
    """Return the part of the build that is done, when a line of its output tells."""
    step = STEP.search(line)
    return int(step[1]) / int(step[2]) if step else None
