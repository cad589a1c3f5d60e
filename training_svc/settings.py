"""The settings of training_svc."""

from __future__ import annotations

from pydantic import Field

from svc_kit.settings import Address, DatabaseSettings, InternalSettings


class TrainingSettings(DatabaseSettings, InternalSettings):
    """All of training_svc."""

    listen: Address = Field("127.0.0.1:50054", validation_alias="TRAINING_SVC_LISTEN")
    metrics_port: int = Field(0, validation_alias="TRAINING_SVC_METRICS_PORT", ge=0, le=65535)
