"""The settings of device_svc."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr

from svc_kit.redis_client import RedisUrl
from svc_kit.settings import Address, Addresses, DatabaseSettings, InternalSettings, Secret32


class DeviceSettings(DatabaseSettings, InternalSettings):
    """All of device_svc."""

    listen: Address = Field("127.0.0.1:50051", validation_alias="DEVICE_SVC_LISTEN")
    metrics_port: int = Field(0, validation_alias="DEVICE_SVC_METRICS_PORT", ge=0, le=65535)

    signing_key_file: Path = Field(validation_alias="ASSISTANT_SIGNING_KEY_FILE")
    code_key: Secret32 = Field(validation_alias="ASSISTANT_CODE_KEY")
    public_url: str = Field("http://127.0.0.1:8080", validation_alias="ASSISTANT_PUBLIC_URL", pattern=r"^https?://\S+$")
    session_days: int = Field(30, validation_alias="ASSISTANT_SESSION_DAYS", ge=1, le=365)
    max_registrations: int = Field(100, validation_alias="DEVICE_SVC_MAX_REGISTRATIONS", ge=1, le=10_000)

    # For the first account, when there is none yet.
    owner_password: SecretStr | None = Field(None, validation_alias="ASSISTANT_OWNER_PASSWORD", min_length=8)

    # The other parts, for GetHealth.
    sync_address: Address = Field("127.0.0.1:50052", validation_alias="SYNC_SVC_ADDRESS")
    inference_address: Address = Field("127.0.0.1:50053", validation_alias="INFERENCE_SVC_ADDRESS")
    training_address: Address = Field("127.0.0.1:50054", validation_alias="TRAINING_SVC_ADDRESS")
    worker_addresses: Addresses = Field(("127.0.0.1:50055",), validation_alias="ML_SERVICE_URL")
    redis_url: RedisUrl = Field(SecretStr("redis://localhost:6380"), validation_alias="REDIS_URL", min_length=1)

    @property
    def session_lifetime(self) -> timedelta:
        """How long a sign-in lasts."""
        return timedelta(days=self.session_days)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by https."""
        return self.public_url.startswith("https:")
