"""The roofline's arithmetic, against estimates made by hand, and the table of GPUs."""

import pytest

from bench.gpu.roofline import Traffic, known_bandwidth

# Llama-3.1-8B in Q4_K_M: 4.9 GB of weights, and 128 KiB of keys and values for each token.
LLAMA_8B = Traffic(4_900_000_000, 128 * 1024)
H200 = 4.8


@pytest.mark.parametrize(("efficiency", "milliseconds"), [(1.0, 1.92), (0.6, 3.19), (0.4, 4.79)])
def test_32_streams_of_a_thousand_tokens_read_9_gigabytes_a_step(efficiency: float, milliseconds: float):
    assert 1000 * LLAMA_8B.step_seconds(32, 1024, H200, efficiency) == pytest.approx(milliseconds, abs=0.01)


@pytest.mark.parametrize(("streams", "slow", "fast"), [(1, 276, 364), (32, 5528, 7629)])
def test_with_a_host_that_takes_a_millisecond_it_is_what_such_gpus_are_expected_to_write(
    streams: int, slow: int, fast: int
):
    rates = [streams / LLAMA_8B.step_seconds(streams, 1024, H200, part, 0.001) for part in (0.4, 0.6)]

    assert [slow, fast] == pytest.approx(rates, rel=0.01)


@pytest.mark.parametrize(
    ("device", "bandwidth"),
    [
        ("NVIDIA H100 80GB HBM3", 3.35),
        ("NVIDIA H100 PCIe", 2.0),
        ("NVIDIA H200", 4.8),
        ("NVIDIA A100-SXM4-80GB", 2.0),
        ("NVIDIA GeForce RTX 4090", 1.01),
        ("NVIDIA GeForce RTX 5090", 1.79),
        # Namesakes with a slower memory, or a part of it.
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA H200 MIG 3g.71gb", None),
        ("NVIDIA H100 NVL", None),
        ("the processor", None),
    ],
)
def test_a_gpu_is_known_by_its_whole_name(device: str, bandwidth: float | None):
    assert known_bandwidth(device) == bandwidth
