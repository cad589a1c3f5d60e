"""How much memory a model will take, computed before it is loaded, and which setting would make it fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from llama_worker.llama.model_shape import Layer, ModelShape

# llama.cpp rounds the cache up to this many tokens.
CELL_STEP = 256
# Bytes beside the computed ones: the vocabulary's texts, the samplers, the heap.
HOST_ALLOWANCE = 128 << 20
# Bytes of the driver's context and of its libraries' workspaces on a GPU.
GPU_ALLOWANCE = 512 << 20
_ALL = -1


@dataclass(frozen=True, slots=True)
class Load:
    """A model to load, and the settings that decide about its size: cells and batch_size in tokens."""

    shape: ModelShape
    cells: int
    sequences: int
    batch_size: int
    gpu_layers: int

    @property
    def layers_on_gpu(self) -> int:
        """How many of the last layers; the output counts as one more, and goes there first."""
        most = len(self.shape.layers) + 1
        return most if self.gpu_layers == _ALL else min(self.gpu_layers, most)


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes in one kind of memory."""

    weights: int
    cache: int
    compute: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.weights + self.cache + self.compute


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one kind of memory."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """The memory of this machine. Several GPUs count as one, since llama.cpp spreads layers over them."""

    host: Memory
    gpu: Memory | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """The kind of memory in which a model does not fit, what it needs there, and what there is."""

    need: Need
    memory: Memory
    is_gpu: bool

    @property
    def for_ever(self) -> bool:
        """Whether even an idle machine would be too small."""
        return self.need.total > self.memory.total


def misfit(load: Load, machine: MachineMemory) -> Misfit | None:
    """Return where the model does not fit, or None when it does."""
    if machine.gpu is None:
        load = replace(load, gpu_layers=0)
    elif (need := gpu_need(load)).total > machine.gpu.free:
        return Misfit(need, machine.gpu, is_gpu=True)
    need = host_need(load)
    return Misfit(need, machine.host, is_gpu=False) if need.total > machine.host.free else None


def host_need(load: Load) -> Need:
    """The bytes that the model needs in the machine's own memory.

    Weights count in full although they are mapped from the file: a page that is not in memory is read from the disk at
    every token. What the system's file cache has of them already is part of what it calls available.
    """
    shape, on_gpu = load.shape, load.layers_on_gpu
    layers = shape.layers[: len(shape.layers) - max(on_gpu - 1, 0)]
    ends = shape.input_weights + (0 if on_gpu else shape.output_weights)
    weights = sum(layer.weights for layer in layers) + ends
    logits = load.sequences * shape.vocabulary * 4
    compute = logits + HOST_ALLOWANCE + (_graph(load) if layers or not on_gpu else 0)
    return Need(weights, _cache(load, layers), compute)


def gpu_need(load: Load) -> Need:
    """The bytes that the model needs on the GPUs; 0 when no layer is there."""
    shape, on_gpu = load.shape, load.layers_on_gpu
    if not on_gpu:
        return Need(0, 0, 0)
    layers = shape.layers[len(shape.layers) - (on_gpu - 1) :]
    ends = shape.output_weights + (shape.input_weights if shape.table_is_output else 0)
    weights = sum(layer.weights for layer in layers) + ends
    return Need(weights, _cache(load, layers), _graph(load) + GPU_ALLOWANCE)


def padded(cells: int) -> int:
    """The cells that llama.cpp makes of a cache of so many: a multiple of `CELL_STEP`."""
    return -(-cells // CELL_STEP) * CELL_STEP


def largest_cache(load: Load, machine: MachineMemory) -> int:
    """The most tokens of cache with which the model fits, 0 when it never does."""
    low, high = 0, padded(load.cells) // CELL_STEP
    while low < high:
        middle = (low + high + 1) // 2
        if misfit(replace(load, cells=middle * CELL_STEP), machine):
            high = middle - 1
        else:
            low = middle
    return low * CELL_STEP


def most_gpu_layers(load: Load, machine: MachineMemory) -> int | None:
    """The most layers on the GPU with which it fits, or None when it does with none."""
    tries: Iterator[int] = (n for n in range(load.layers_on_gpu - 1, -1, -1))
    return next((n for n in tries if misfit(replace(load, gpu_layers=n), machine) is None), None)


def _cache(load: Load, layers: Sequence[Layer]) -> int:
    return sum(layer.cell * padded(load.cells) + layer.state * load.sequences for layer in layers)


def _graph(load: Load) -> int:
    """An upper bound of the buffer that a step computes in: activations, attention mask, and one row of logits per sequence."""
    shape = load.shape
    activations = load.batch_size * 4 * (3 * shape.feed_forward + 8 * shape.embedding)
    mask = load.batch_size * padded(load.cells) * 2
    return activations + mask + load.sequences * shape.vocabulary * 4
