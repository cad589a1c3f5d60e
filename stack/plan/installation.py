"""One installation as it is started: what every part's plan is made from."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stack.credentials import Credentials
from stack.data_directory import DataDirectory
from stack.edge.settings import Certificate
from stack.plan.addresses import HOST, Addresses
from stack.settings import ExternalDatabase, StackSettings

# Hosts that mean "all addresses of this machine".
LOOPBACK_OF = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104


@dataclass(frozen=True)
class Installation:
    """The decisions of one start."""

    directory: DataDirectory
    settings: StackSettings
    credentials: Credentials
    addresses: Addresses
    # The operator's own environment, of which each part gets what it needs.
    environment: Mapping[str, str] = field(repr=False)
    host: str = HOST
    port: int = 8080
    certificate: Certificate | None = None
    demo: bool = False
    # Given to device_svc until the first account has been made.
    owner_password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address for people."""
        return self._url(platform.node() if self.host in LOOPBACK_OF else self.host)

    @property
    def local_url(self) -> str:
        """The address for programs on this machine."""
        return self._url(self.local_host)

    @property
    def local_host(self) -> str:
        """The IP address at which programs on this machine reach the public port."""
        return LOOPBACK_OF.get(self.host, self.host)

    def _url(self, host: str) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def database(self) -> ExternalDatabase:
        """The database as its owner sees it, ours or the operator's."""
        return self.settings.external_database or ExternalDatabase(
            HOST, self.addresses.postgres, "postgres", self.credentials.database_owner, self.settings.db_name
        )

    @property
    def redis_url(self) -> str:
        """The address of Valkey with its password, ours or the operator's."""
        return (
            self.settings.redis_url.get_secret_value()
            or f"redis://:{self.credentials.valkey}@{HOST}:{self.addresses.valkey}"
        )

    @property
    def worker_addresses(self) -> Sequence[str]:
        """Where the workers are, ours or the operator's."""
        return self.settings.worker_addresses or [f"{HOST}:{port}" for port in self.addresses.workers]
