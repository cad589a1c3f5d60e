"""The one address of the server, for REST and gRPC alike."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from agent.errors import UsageError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """Where the server is. `http` only to this machine itself."""

    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port, as a gRPC channel wants them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return f"{self.scheme}://{self.authority.rpartition(':')[0]}"
        return f"{self.scheme}://{self.authority}"


def parse_server_url(text: str) -> ServerUrl:
    """Return the address in `text`, or say what is wrong with it."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--server {text}: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise UsageError(f"--server {text}: write the whole address, such as https://assistant.example.com")
    if port == 0 or parts.netloc.endswith(":"):
        raise UsageError(f"--server {text}: there is no port after the colon")
    if _has_more(parts):
        raise UsageError(
            f"--server {text}: only the address itself is wanted, such as {parts.scheme}://{parts.hostname}"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f"--server {text}: http would carry your messages unencrypted, so it is for this machine only "
            f"(http://localhost); use https://{parts.hostname}"
        )
    return ServerUrl(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])


def is_loopback(host: str) -> bool:
    """Return whether the host is certainly this machine. Other names are not looked up: an answer can change."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
