"""The settings of inference_svc."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from model_files.files import DEFAULT_CACHE
from svc_kit.redis_client import RedisUrl
from svc_kit.settings import Address, Addresses, DatabaseSettings, InternalSettings


class InferenceSettings(DatabaseSettings, InternalSettings):
    """All of inference_svc; the worker has settings of its own."""

    listen: Address = Field("127.0.0.1:50053", validation_alias="INFERENCE_SVC_LISTEN")
    metrics_port: int = Field(0, validation_alias="INFERENCE_SVC_METRICS_PORT", ge=0, le=65535)

    sync_address: Address = Field("127.0.0.1:50052", validation_alias="SYNC_SVC_ADDRESS")
    training_address: Address = Field("127.0.0.1:50054", validation_alias="TRAINING_SVC_ADDRESS")
    model_cache: Path = Field(DEFAULT_CACHE, validation_alias="ASSISTANT_MODEL_CACHE")

    redis_url: RedisUrl = Field(SecretStr("redis://localhost:6380"), validation_alias="REDIS_URL", min_length=1)
    redis_enabled: bool = Field(True, validation_alias="ML_SERVICE_REDIS_ENABLED")
    # Those that register in Redis are found besides.
    worker_addresses: Addresses = Field(("127.0.0.1:50055",), validation_alias="ML_SERVICE_URL")
    cache_ttl: int = Field(3600, validation_alias="ML_SERVICE_REDIS_CACHE_TTL", ge=1, le=30 * 86400)

    jobs_at_once: int = Field(4, validation_alias="INFERENCE_SVC_JOBS", ge=1, le=64)
    max_waiting_jobs: int = Field(1000, validation_alias="INFERENCE_SVC_MAX_WAITING_JOBS", ge=1, le=100_000)

    read_ahead: bool = Field(True, validation_alias="INFERENCE_SVC_READ_AHEAD")

    @field_validator("worker_addresses")
    @classmethod
    def _some_worker(cls, addresses: Addresses, info: ValidationInfo) -> Addresses:
        if not addresses and not info.data.get("redis_enabled", True):
            raise ValueError("must name a worker while ML_SERVICE_REDIS_ENABLED is false, since none can register")
        return addresses
