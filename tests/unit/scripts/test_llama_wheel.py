"""Which build of llama-cpp-python is asked for, and where its wheel is kept."""

import pytest

from scripts.setup import llama_wheel
from scripts.setup.failure import SetupFailed
from scripts.setup.llama_wheel import CUDA_OPTION, Build, options_of, pinned_version, steps_done, wanted_options


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, None),
        ({"CUDA": ""}, None),
        ({"CUDA": "1"}, CUDA_OPTION),
        ({"CUDA": "0"}, ""),
        ({"CMAKE_ARGS": "-DGGML_VULKAN=on"}, "-DGGML_VULKAN=on"),
        ({"CUDA": "1", "CMAKE_ARGS": "-DGGML_NATIVE=off"}, f"-DGGML_NATIVE=off {CUDA_OPTION}"),
        ({"CUDA": "1", "CMAKE_ARGS": CUDA_OPTION}, CUDA_OPTION),
    ],
)
def test_the_environment_says_how_to_build(environment, options):
    assert wanted_options(environment) == options


def test_an_unknown_value_of_cuda_is_refused():
    with pytest.raises(SetupFailed, match="CUDA=perhaps"):
        wanted_options({"CUDA": "perhaps"})


def test_wheels_of_different_builds_are_kept_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plain, cuda, vulkan = (Build("0.3.36", options) for options in ("", CUDA_OPTION, "-DGGML_VULKAN=on"))
    plain.folder.mkdir(parents=True)
    wheel = plain.folder / "llama_cpp_python-0.3.36-py3-none-linux_x86_64.whl"
    wheel.touch()

    assert plain.kept_wheel == wheel
    assert cuda.kept_wheel is None
    assert vulkan.kept_wheel is None
    assert Build("0.3.37", "").kept_wheel is None


def test_a_wheel_of_another_recipe_is_not_taken_for_this(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    build = Build("0.3.36", "")
    folder, key = build.folder, build.key

    monkeypatch.setitem(llama_wheel.RECIPE, "build.targets", "llama;llama-common")

    assert build.folder != folder
    assert build.key != key
    assert options_of(build.key) == options_of(key) == ""


def test_the_recipe_counts_the_library_s_own_file(tmp_path, monkeypatch):
    before = llama_wheel.recipe_digest()
    changed = tmp_path / "llama_library.cmake"
    changed.write_text(llama_wheel.LIBRARY.read_text() + "# changed\n")

    monkeypatch.setattr(llama_wheel, "LIBRARY", changed)

    assert llama_wheel.recipe_digest() != before


def test_the_options_of_a_gpu_build_by_an_earlier_recipe_survive():
    assert options_of(f"0.3.36\n{CUDA_OPTION}") == CUDA_OPTION


def test_a_stamp_remembers_the_options_for_a_plain_setup():
    assert options_of(Build("0.3.36", CUDA_OPTION).key) == CUDA_OPTION
    assert options_of(None) == ""


def test_the_version_is_the_one_of_the_project():
    assert pinned_version() == "0.3.36"


def test_the_build_tells_how_far_it_is():
    assert steps_done("  [30/120] Building CXX object vendor/llama.cpp/ggml.cpp.o") == pytest.approx(0.25)
    assert steps_done("  Configuring CMake...") is None


@pytest.mark.parametrize("options", ["", "-DGGML_NATIVE=off"])
def test_without_a_compiler_one_line_names_the_package(options, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)

    with pytest.raises(SetupFailed, match="apt install g\\+\\+") as failure:
        llama_wheel.build_wheel(Build("0.3.36", options))

    assert "\n" not in str(failure.value)


def test_without_nvcc_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDACXX", raising=False)
    monkeypatch.setattr("scripts.setup.toolchain.NVCC_HOME", tmp_path / "nvcc")

    with pytest.raises(SetupFailed, match="nvcc"):
        llama_wheel.build_wheel(Build("0.3.36", CUDA_OPTION))
