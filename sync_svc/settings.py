"""The settings of sync_svc."""

from __future__ import annotations

from pydantic import Field

from svc_kit.settings import Address, DatabaseSettings, InternalSettings


class SyncSettings(DatabaseSettings, InternalSettings):
    """All of sync_svc."""

    listen: Address = Field("127.0.0.1:50052", validation_alias="SYNC_SVC_LISTEN")
    inference_address: Address = Field("127.0.0.1:50053", validation_alias="INFERENCE_SVC_ADDRESS")
    training_address: Address = Field("127.0.0.1:50054", validation_alias="TRAINING_SVC_ADDRESS")
    metrics_port: int = Field(0, validation_alias="SYNC_SVC_METRICS_PORT", ge=0, le=65535)
