"""Settings from the environment: one frozen class per process, wrong values are a start-up error that names the variable."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

_LAST_PORT = 65535


def _parts(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def with_a_port(address: str) -> str:
    """The address. Raises ValueError when no port has the number at its end."""
    if int(address.rpartition(":")[2]) > _LAST_PORT:
        raise ValueError(f"must end with a port, which is at most {_LAST_PORT}")
    return address


Address = Annotated[str, StringConstraints(pattern=r"^[^\s,]+:\d{1,5}$"), AfterValidator(with_a_port)]
# Separated by commas.
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_parts)]
Secret32 = Annotated[SecretStr, Field(min_length=32)]


class Settings(BaseSettings):
    """Base of every settings class. A field's alias is the name of its environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, case_sensitive=True)

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Ends the process with one line per wrong variable; `--print-config` shows and ends."""
        try:
            settings = cls()
        except ValidationError as error:
            for problem in error.errors():
                # A default that does not fit the other values is told by its field's name.
                first, *rest = problem["loc"]
                name = ".".join(str(part) for part in (cls.variables().get(str(first), first), *rest))
                sys.stderr.write(f"{name}: {problem['msg']}\n")
            sys.exit(2)
        if "--print-config" in sys.argv[1:]:
            sys.stdout.write(settings.masked() + "\n")
            sys.exit(0)
        return settings

    @classmethod
    def variables(cls) -> dict[str, str]:
        """The variable of each field."""
        return {
            name: field.validation_alias if isinstance(field.validation_alias, str) else name
            for name, field in cls.model_fields.items()
        }

    def masked(self) -> str:
        """The effective values as JSON by variable name, secrets masked."""
        values = {variable: getattr(self, name) for name, variable in self.variables().items()}
        return json.dumps(values, indent=2, default=str)


class DatabaseSettings(Settings):
    """Where PostgreSQL is."""

    host: str = Field("localhost", validation_alias="DB_HOST")
    port: int = Field(5433, validation_alias="DB_PORT", ge=1, le=65535)
    user: str = Field("postgres", validation_alias="DB_USER")
    password: SecretStr = Field(SecretStr(""), validation_alias="DB_PASSWORD")
    name: str = Field("conversation_assistant", validation_alias="DB_NAME")

    def url(self) -> URL:
        """The SQLAlchemy URL for asyncpg."""
        return URL.create(
            "postgresql+asyncpg", self.user, self.password.get_secret_value(), self.host, self.port, self.name
        )


class InternalSettings(Settings):
    """What a process needs to call the others and to be called by them."""

    internal_key: Secret32 = Field(validation_alias="ASSISTANT_INTERNAL_KEY")
    device_address: Address = Field("127.0.0.1:50051", validation_alias="DEVICE_SVC_ADDRESS")


AnySettings = TypeVar("AnySettings", bound=Settings)


def from_mapping(cls: type[AnySettings], **values: Any) -> AnySettings:
    """Settings for a test: only these values, by field name; the environment is not read."""
    before = dict(os.environ)
    os.environ.clear()
    try:
        return cls(**values)
    finally:
        os.environ.update(before)
