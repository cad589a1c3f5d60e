"""The real Envoy with the rendered configuration, for the length of a `with` block."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from stack.data_directory import DataDirectory
from stack.edge.binary import envoy_command
from stack.edge.render import write_config
from stack.edge.routes import READY_PATH
from stack.edge.settings import EdgeSettings, Upstream
from stack.embedded.running import child_process, wait_until
from stack.launcher import tied_command
from stack.ports import free_port

PAGE = "<!doctype html><title>the page</title>"
SCRIPT = "console.log(1);" * 200


@dataclass(frozen=True)
class Edge:
    """A running Envoy, and the key whose tokens it believes."""

    settings: EdgeSettings
    log: Path
    key: ec.EllipticCurvePrivateKey

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.settings.port}"

    def token(self, *, lifetime: int = 60, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "conversation-assistant",
            "aud": "assistant-api",
            "sub": str(uuid4()),
            "account": str(uuid4()),
            "role": "owner",
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + lifetime,
        }
        return jwt.encode({**claims, **changes}, self.key, algorithm="ES256", headers={"kid": "1"})

    def bearer(self, **changes: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(**changes)}"}

    def access_log(self) -> list[dict[str, Any]]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [entry for line in lines if "method" in (entry := json.loads(line))]


def make_ui(directory: Path) -> Path:
    """A built UI of three files."""
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text(PAGE)
    (directory / "favicon.svg").write_text("<svg/>")
    (directory / "assets" / "index-1a2b3c.js").write_text(SCRIPT)
    return directory


@contextmanager
def running_edge(directory: Path, backend_port: int, **changes: Any) -> Iterator[Edge]:
    """Run Envoy in front of one server that plays all services."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwks = directory / "jwks.json"
    jwks.write_text(json.dumps({"keys": [jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)]}))
    upstreams = {name: Upstream("127.0.0.1", backend_port) for name in ("device", "sync", "inference", "training")}
    settings = EdgeSettings(
        "127.0.0.1", free_port(), _admin_socket(directory), upstreams, jwks, make_ui(directory / "ui")
    )
    settings = replace(settings, **changes)
    config, log = directory / "envoy.yaml", directory / "envoy.log"
    write_config(settings, config)
    with child_process(tied_command(envoy_command(config)), log, signal.SIGTERM) as envoy:
        wait_until(lambda: _is_ready(settings.port), envoy, log)
        yield Edge(settings, log, key)


def _admin_socket(directory: Path) -> Path:
    place = DataDirectory(directory)
    place.create()
    place.create_socket_directory()
    return place.envoy_admin


def _is_ready(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{READY_PATH}", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
