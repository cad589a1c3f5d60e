"""llama-cpp-python: built from source once for each set of build options, and the wheel kept for the next checkout.

`CUDA=1` builds for NVIDIA GPUs, `CUDA=0` goes back to the processor, CMAKE_ARGS reaches the build as it is. With none of
them, whatever is installed stays.
"""

import hashlib
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
from scripts.setup.stamp import Stamp
from scripts.setup.toolchain import cuda_compiler, require_compiler
from scripts.setup.virtualenv import PIP, project

PACKAGE = "llama-cpp-python"
CUDA_OPTION = "-DGGML_CUDA=on"
ON, OFF = {"1", "on", "true", "yes"}, {"0", "off", "false", "no"}
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
        return f"{self.version}\n{self.options}"

    @property
    def with_cuda(self) -> bool:
        """Whether it is a build for NVIDIA GPUs."""
        return CUDA_OPTION in self.options

    @property
    def folder(self) -> Path:
        """Where the wheel is kept; different options never share a folder. It is for any Python 3, so that does not count."""
        variant = "cpu"
        if self.options:
            kind = "cuda" if self.with_cuda else "custom"
            variant = f"{kind}-{hashlib.sha256(self.options.encode()).hexdigest()[:8]}"
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "conversation-assistant" / "wheels" / f"{sysconfig.get_platform()}-{variant}"

    @property
    def kept_wheel(self) -> Path | None:
        """The wheel of an earlier build."""
        return next(self.folder.glob(f"{PACKAGE.replace('-', '_')}-{self.version}-*.whl"), None)


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
    """Build the wheel and keep it. Several minutes on a small machine."""
    environment = {"CMAKE_ARGS": build.options}
    if build.with_cuda:
        environment["CUDACXX"] = cuda_compiler()
    if build.options or not _in_pip_cache(build):
        require_compiler()
    build.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build.folder) as unfinished:
        command = [*PIP, "wheel", "--verbose", "--no-deps", "--wheel-dir", unfinished]
        if build.options:
            # pip knows its wheels by version alone and would hand out one that was built with other options.
            command += ["--no-cache-dir", "--no-binary", PACKAGE]
        run("Building llama-cpp-python", [*command, build.requirement], environment=environment, fraction_in=steps_done)
        (made,) = Path(unfinished).glob("*.whl")
        return Path(shutil.move(made, build.folder / made.name))


def steps_done(line: str) -> float | None:
    """Return the part of the build that is done, when a line of its output tells."""
    step = STEP.search(line)
    return int(step[1]) / int(step[2]) if step else None


def _in_pip_cache(build: Build) -> bool:
    """Return whether pip has built this version before and needs no compiler for it."""
    listed = subprocess.run(
        [*PIP, "cache", "list", "--format=abspath", PACKAGE.replace("-", "_")],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"-{build.version}-" in listed.stdout
