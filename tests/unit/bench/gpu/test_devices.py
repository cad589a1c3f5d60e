"""What the bench says where there is nothing for it to run on."""

import pytest

from bench.gpu.devices import NoGpu, first_gpu


def test_a_build_for_the_processor_is_told_how_to_build_another():
    with pytest.raises(NoGpu, match=r'CMAKE_ARGS="-DGGML_CUDA=on" pip install'):
        first_gpu(can_offload=lambda: False)


def test_a_machine_without_a_gpu_is_told_where_to_look():
    with pytest.raises(NoGpu, match="nvidia-smi"):
        first_gpu(can_offload=lambda: True, names=list)


def test_the_first_gpu_gives_its_name():
    assert first_gpu(can_offload=lambda: True, names=lambda: ["NVIDIA H200", "NVIDIA H100 PCIe"]) == "NVIDIA H200"
