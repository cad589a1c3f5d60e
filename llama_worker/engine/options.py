"""How the engine shares one model between its requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Bounds on queue, readers, prompts and memory; WorkerSettings gives the first, adapters and spill_bytes."""

    # Requests that may wait, prefills not counted.
    queue_limit: int = 512
    # Pieces of text a reader may be behind before its sequences pause.
    stream_buffer: int = 64
    # Seconds. No request lives longer, whatever deadline it asks for.
    longest_seconds: float = 600.0
    # Prompt tokens of one step, without and with others that decode in it.
    prefill_alone: int = 512
    prefill_beside: int = 256
    # Seconds that a step with a prompt in it should take at most.
    step_seconds: float = 0.25
    # Adapters that stay loaded; of more, the one that was used the longest ago is unloaded.
    adapters: int = 16
    # Bytes of host memory for conversations that were evicted from the KV cache.
    spill_bytes: int = 0
