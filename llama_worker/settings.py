"""The settings of the worker."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from model_files.files import DEFAULT_CACHE
from svc_kit.redis_client import RedisUrl
from svc_kit.settings import Address, InternalSettings, with_a_port

# Listening on all addresses is no address for others.
_ANYWHERE = ("0.0.0.0:", "[::]:", ":::", "*:")


class WorkerSettings(InternalSettings):
    """All of the worker."""

    listen: Address = Field("127.0.0.1:50055", validation_alias="WORKER_LISTEN")
    metrics_port: int = Field(0, validation_alias="WORKER_METRICS_PORT", ge=0, le=65535)

    # Where it registers, so that inference_svc finds it; empty is nowhere.
    redis_url: RedisUrl = Field(SecretStr(""), validation_alias="REDIS_URL")
    redis_enabled: bool = Field(True, validation_alias="ML_SERVICE_REDIS_ENABLED")
    # The address that others reach it at; where it listens, when that is one.
    advertise: str = Field(
        "", validation_alias="WORKER_ADVERTISE", validate_default=True, pattern=r"^([^\s,]+:\d{1,5})?$"
    )

    # A GGUF file; goes before the id.
    model_path: str = Field("", validation_alias="ML_SERVICE_MODEL_PATH")
    model_id: str = Field("", validation_alias="ML_SERVICE_MODEL_ID")
    model_cache: Path = Field(DEFAULT_CACHE, validation_alias="ASSISTANT_MODEL_CACHE")

    # Layers of the model on the GPU; -1 is all.
    gpu_layers: int = Field(-1, validation_alias="ML_SERVICE_GPU_LAYERS", ge=-1)
    # Tokens that one prompt and its answer may have together.
    context_size: int = Field(4096, validation_alias="ML_SERVICE_CONTEXT_SIZE", ge=256, le=1_048_576)
    # Generations that run at once.
    sequences: int = Field(8, validation_alias="ML_SERVICE_SEQUENCES", ge=1, le=256)
    # Tokens that all of them may have together; 0 is a quarter of what they would need at their longest.
    cache_tokens: int = Field(0, validation_alias="ML_SERVICE_CACHE_TOKENS", ge=0)
    # Megabytes of the host's memory for conversations that were evicted from the KV cache; 0 keeps none.
    spill_megabytes: int = Field(512, validation_alias="ML_SERVICE_SPILL_MB", ge=0, le=1_048_576)
    # Adapters that stay loaded.
    adapters: int = Field(16, validation_alias="ML_SERVICE_ADAPTERS", ge=1, le=1000)
    # Generations that may wait.
    queue_limit: int = Field(512, validation_alias="ML_SERVICE_QUEUE_LIMIT", ge=1, le=100_000)
    # Whether a model is refused that does not fit into memory.
    check_memory: bool = Field(True, validation_alias="ML_SERVICE_CHECK_MEMORY")
    # 0 is as many as this process may use.
    threads: int = Field(0, validation_alias="ML_SERVICE_THREADS", ge=0, le=1024)

    @field_validator("advertise")
    @classmethod
    def _found_by_others(cls, address: str, info: ValidationInfo) -> str:
        redis_url, listen = info.data.get("redis_url"), info.data.get("listen", "")
        if not (redis_url and redis_url.get_secret_value() and info.data.get("redis_enabled")):
            if address:
                raise ValueError("needs REDIS_URL, and ML_SERVICE_REDIS_ENABLED: the worker registers there")
            return ""
        if not address and listen.startswith(_ANYWHERE):
            raise ValueError("must say at which host:port others reach this worker, since it listens everywhere")
        if not address and listen.endswith(":0"):
            raise ValueError(
                "must say where others reach this worker, since it listens at a port of the system's choice"
            )
        return with_a_port(address) if address else listen

    @property
    def registers(self) -> bool:
        """Whether it registers in Redis."""
        return bool(self.advertise)

    @property
    def pool_size(self) -> int:
        """Cache cells: conversations are far shorter than the limit, and the longest must still fit alone."""
        return max(self.cache_tokens or self.sequences * self.context_size // 4, self.context_size)

    @property
    def thread_count(self) -> int:
        """Threads that compute."""
        return self.threads or _usable_processors()


def _usable_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
