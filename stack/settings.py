"""What the operator decides, from the environment; every other process gets what it needs from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.errors import StackError
from svc_kit.redis_client import RedisUrl
from svc_kit.settings import Addresses

DEMO_MODEL = "smollm2-135m-instruct"


@dataclass(frozen=True)
class ExternalDatabase:
    """A PostgreSQL that the operator runs."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str


class StackSettings(BaseSettings):
    """The variables of .env.example that choose what is started. Those of a single service go to it unread."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True)

    db_host: str = Field(default="", validation_alias="DB_HOST")
    db_port: int = Field(default=5433, validation_alias="DB_PORT", ge=1, le=65535)
    db_user: str = Field(default="postgres", validation_alias="DB_USER")
    db_password: SecretStr = Field(default=SecretStr(""), validation_alias="DB_PASSWORD")
    db_name: str = Field(default="conversation_assistant", validation_alias="DB_NAME", min_length=1)
    redis_url: RedisUrl = Field(default=SecretStr(""), validation_alias="REDIS_URL")
    worker_addresses: Addresses = Field(default=(), validation_alias="ML_SERVICE_URL")
    workers: int = Field(default=1, validation_alias="ML_SERVICE_WORKERS", ge=1, le=64)
    owner_password: SecretStr | None = Field(default=None, validation_alias="ASSISTANT_OWNER_PASSWORD", min_length=8)
    # What browsers call us where a reverse proxy is in front; decides whether the session cookie is for https only.
    public_url: str = Field(default="", validation_alias="ASSISTANT_PUBLIC_URL", pattern=r"^(https?://\S+)?$")
    cors_origins: str = Field(default="", validation_alias="ASSISTANT_CORS_ORIGINS")
    trusted_hops: int = Field(default=0, validation_alias="ASSISTANT_TRUSTED_PROXIES", ge=0, le=10)

    @property
    def external_database(self) -> ExternalDatabase | None:
        """The operator's database, or None where DB_HOST is not set."""
        if not self.db_host:
            return None
        return ExternalDatabase(
            self.db_host, self.db_port, self.db_user, self.db_password.get_secret_value(), self.db_name
        )

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins of ASSISTANT_CORS_ORIGINS, which is a list with commas."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())


def load_settings() -> StackSettings:
    """Read the environment; name each variable that is wrong."""
    try:
        return StackSettings()
    except ValidationError as error:
        problems = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors(include_input=False)]
        raise StackError("\n".join(problems)) from None


def model_choice(environment: Mapping[str, str], *, demo: bool) -> dict[str, str]:
    """Return the model variables of the worker: the operator's, or in the demo the model that needs no download."""
    names = ("ML_SERVICE_MODEL_ID", "ML_SERVICE_MODEL_PATH")
    chosen = {name: environment[name] for name in names if environment.get(name)}
    return chosen or ({"ML_SERVICE_MODEL_ID": DEMO_MODEL} if demo else {})
