"""One line for the operator: what a model needs, what there is, and which setting would make it fit."""

from dataclasses import dataclass, replace

from llama_worker.llama.memory_fit import (
    Load,
    MachineMemory,
    Misfit,
    largest_cache,
    misfit,
    most_gpu_layers,
    padded,
)

# Tokens. A shorter context holds hardly a conversation.
LEAST_CONTEXT = 512


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model is not loaded. `for_ever`: not even with all of the machine's memory free."""

    line: str
    for_ever: bool


def refusal(model_id: str, load: Load, context_size: int, machine: MachineMemory) -> Refusal | None:
    """Return why the model does not fit, or None when it does."""
    found = misfit(load, machine)
    if found is None:
        return None
    advice = " or ".join(_ways_out(load, context_size, machine, found)) or "a smaller model"
    line = f"{model_id} does not fit: {_sizes(load, found)}. What would fit: {advice}"
    return Refusal(f"{line}. ML_SERVICE_CHECK_MEMORY=false loads it all the same", found.for_ever)


def _sizes(load: Load, found: Misfit) -> str:
    need, memory = found.need, found.memory
    where = "GPU memory" if found.is_gpu else "memory"
    return (
        f"it needs {_gigabytes(need.total)} of {where} (weights {_gigabytes(need.weights)}, cache of {padded(load.cells)} "
        f"tokens {_gigabytes(need.cache)}, compute {_gigabytes(need.compute)}), and {_gigabytes(memory.free)} of "
        f"{_gigabytes(memory.total)} are free"
    )


def _ways_out(load: Load, context_size: int, machine: MachineMemory, found: Misfit) -> list[str]:
    """Settings with values that were computed to fit, the mildest first."""
    ways = []
    cells = largest_cache(load, machine)
    if cells >= context_size:
        ways.append(f"ML_SERVICE_CACHE_TOKENS={cells}")
        ways += _fewer_sequences(load, cells, context_size, machine)
    elif cells >= LEAST_CONTEXT:
        ways.append(f"ML_SERVICE_CONTEXT_SIZE={cells} with ML_SERVICE_CACHE_TOKENS={cells}")
    if found.is_gpu and (layers := most_gpu_layers(load, machine)) is not None:
        ways.append(f"ML_SERVICE_GPU_LAYERS={layers}")
    return ways


def _fewer_sequences(load: Load, cells: int, context_size: int, machine: MachineMemory) -> list[str]:
    """Where the size of the cache follows from the sequences: how many there may be."""
    if load.cells != load.sequences * context_size // 4:
        return []
    fewer = 4 * cells // context_size
    smaller = replace(load, sequences=fewer, cells=max(fewer * context_size // 4, context_size))
    return [f"ML_SERVICE_SEQUENCES={fewer}"] if fewer and misfit(smaller, machine) is None else []


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
