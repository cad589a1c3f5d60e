"""Whether a model fits, and what would. The model is about Mistral 7B in 4 bits."""

import re
from dataclasses import replace

import pytest

from llama_worker.llama.fit_advice import refusal
from llama_worker.llama.memory_fit import (
    GPU_ALLOWANCE,
    Load,
    MachineMemory,
    Memory,
    gpu_need,
    host_need,
    largest_cache,
    misfit,
    most_gpu_layers,
)
from llama_worker.llama.model_shape import Layer, ModelShape

GB = 10**9
CONTEXT = 4096
# 32 layers of 8 heads of 128 numbers, keys and values, 2 bytes each: 128 KiB a token.
SHAPE = ModelShape(
    layers=(Layer(130_000_000, 4096),) * 32,
    input_weights=74_000_000,
    output_weights=108_000_000,
    table_is_output=False,
    vocabulary=32768,
    embedding=4096,
    feed_forward=14336,
)
LOAD = Load(SHAPE, cells=8192, sequences=8, batch_size=512, gpu_layers=-1)


def machine(host: float, gpu: float | None = None) -> MachineMemory:
    """So many GB free, of twice as many."""
    memories = [None if size is None else Memory(int(size * GB), int(2 * size * GB)) for size in (host, gpu)]
    assert memories[0] is not None
    return MachineMemory(memories[0], memories[1])


def line(load: Load, memory: MachineMemory) -> str:
    found = refusal("mistral-7b", load, CONTEXT, memory)
    assert found is not None
    assert "\n" not in found.line
    return found.line


def advised(text: str, name: str) -> int:
    match = re.search(rf"ML_SERVICE_{name}=(\d+)", text)
    assert match is not None, text
    return int(match[1])


def test_the_cache_is_what_each_layer_keeps_for_each_token():
    assert host_need(replace(LOAD, gpu_layers=0)).cache == 8192 * 128 * 1024


def test_llama_cpp_rounds_the_cache_up():
    assert host_need(replace(LOAD, gpu_layers=0, cells=1000)).cache == 1024 * 128 * 1024


def test_all_weights_count_without_a_gpu():
    assert host_need(replace(LOAD, gpu_layers=0)).weights == 32 * 130_000_000 + 74_000_000 + 108_000_000


def test_with_all_layers_on_the_gpu_only_the_table_stays():
    assert host_need(LOAD).weights == 74_000_000
    assert host_need(LOAD).cache == 0
    assert gpu_need(LOAD).weights == 32 * 130_000_000 + 108_000_000
    assert gpu_need(LOAD).compute > GPU_ALLOWANCE


def test_layers_are_shared_between_both_the_output_first():
    split = replace(LOAD, gpu_layers=11)

    assert gpu_need(split).weights == 10 * 130_000_000 + 108_000_000
    assert host_need(split).weights == 22 * 130_000_000 + 74_000_000
    assert gpu_need(split).cache + host_need(split).cache == 8192 * 128 * 1024


def test_a_table_that_is_the_output_too_is_twice_there_with_a_gpu():
    tied = replace(LOAD, shape=replace(SHAPE, table_is_output=True, output_weights=0))

    assert gpu_need(tied).weights == 32 * 130_000_000 + 74_000_000
    assert host_need(tied).weights == 74_000_000
    assert host_need(replace(tied, gpu_layers=0)).weights == 32 * 130_000_000 + 74_000_000


def test_without_a_gpu_the_setting_for_it_counts_for_nothing():
    assert misfit(LOAD, machine(6.5)) is None
    assert misfit(LOAD, machine(5)) is not None


def test_enough_memory_is_no_misfit():
    assert refusal("mistral-7b", LOAD, CONTEXT, machine(16)) is None
    assert refusal("mistral-7b", LOAD, CONTEXT, machine(1, gpu=16)) is None


def test_the_line_says_what_is_needed_and_what_there_is():
    text = line(LOAD, machine(5))

    assert text.startswith("mistral-7b does not fit: it needs 5.")
    assert "of memory (weights 4.3 GB, cache of 8192 tokens 1.1 GB, compute 0.3 GB)" in text
    assert "5.0 GB of 10.0 GB are free" in text
    assert "ML_SERVICE_CHECK_MEMORY=false" in text


def test_the_advised_cache_fits_and_the_next_larger_one_does_not():
    memory = machine(5.4)

    cells = advised(line(LOAD, memory), "CACHE_TOKENS")

    assert cells == largest_cache(LOAD, memory)
    assert CONTEXT <= cells < LOAD.cells
    assert misfit(replace(LOAD, cells=cells), memory) is None
    assert misfit(replace(LOAD, cells=cells + 256), memory) is not None


def test_the_advised_sequences_fit_with_the_cache_that_follows_from_them():
    memory = machine(5.4)

    sequences = advised(line(LOAD, memory), "SEQUENCES")

    assert 1 <= sequences < 8
    assert misfit(replace(LOAD, sequences=sequences, cells=max(sequences * CONTEXT // 4, CONTEXT)), memory) is None


def test_fewer_sequences_are_no_advice_when_the_cache_has_a_size_of_its_own():
    assert "ML_SERVICE_SEQUENCES" not in line(replace(LOAD, cells=9000), machine(5.4))


def test_a_shorter_context_is_advised_when_no_cache_holds_the_wanted_one():
    memory = machine(4.9)

    text = line(LOAD, memory)

    cells = advised(text, "CONTEXT_SIZE")
    assert 512 <= cells < CONTEXT
    assert f"ML_SERVICE_CONTEXT_SIZE={cells} with ML_SERVICE_CACHE_TOKENS={cells}" in text
    assert misfit(replace(LOAD, cells=cells), memory) is None


def test_layers_move_off_a_gpu_that_is_too_small():
    memory = machine(16, gpu=3)

    text = line(LOAD, memory)

    layers = advised(text, "GPU_LAYERS")
    assert "of GPU memory" in text
    assert layers == most_gpu_layers(LOAD, memory)
    assert misfit(replace(LOAD, gpu_layers=layers), memory) is None
    assert misfit(replace(LOAD, gpu_layers=layers + 1), memory) is not None


def test_weights_that_never_fit_leave_a_smaller_model():
    assert "What would fit: a smaller model" in line(LOAD, machine(2))


@pytest.mark.parametrize(("size", "for_ever"), [(5, False), (2, True)])
def test_memory_that_others_hold_may_come_back(size: float, for_ever: bool):
    found = refusal("mistral-7b", LOAD, CONTEXT, machine(size))

    assert found is not None
    assert found.for_ever is for_ever
