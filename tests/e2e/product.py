"""The whole product, started the way a newcomer starts it: `assistant up --demo`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from stack.ports import free_port

ASSISTANT = Path(sys.executable).with_name("assistant")
PASSWORD = "an owner's password for tests"
MEASURED = ["device_svc", "sync_svc", "inference_svc", "training_svc", "worker"]
START_S = 120
STOP_S = 15


class Product:
    """One running stack with its own data directory and port."""

    def __init__(self, data_dir: Path, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = log
        self.metrics_ports = {part: free_port() for part in MEASURED}
        metrics = {f"{part.upper()}_METRICS_PORT": str(port) for part, port in self.metrics_ports.items()}
        self._environment = {**os.environ, "ASSISTANT_OWNER_PASSWORD": PASSWORD, **metrics, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until every part serves."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [ASSISTANT, "up", "--demo", "--port", str(self.port), "--data-dir", self.data_dir],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_serving()

    def stop(self) -> int:
        """Press Ctrl-C and wait; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOP_S)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `assistant` command on the same data directory."""
        return subprocess.run(
            [ASSISTANT, *arguments, "--data-dir", self.data_dir],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def wait_until_serving(self) -> None:
        """Wait until every part serves."""
        wait_until(self.serving, START_S, f"the stack did not come up; see {self.output}")

    def serving(self) -> bool:
        """Whether /health says that all parts serve."""
        try:
            return bool(httpx.get(f"{self.url}/health", timeout=5).json().get("status") == "PART_STATUS_SERVING")
        except (httpx.HTTPError, ValueError):
            return False

    def status(self) -> dict[str, Any]:
        """What `assistant status --json` prints, read where that command reads it: a process each time would cost a second."""
        answer: dict[str, Any] = json.loads((self.data_dir / "run" / "state.json").read_text())
        return answer

    def pid_of(self, part: str) -> int:
        """The process of a part."""
        return int(next(entry["process_id"] for entry in self.status()["parts"] if entry["name"] == part))

    def redis_url(self) -> str:
        """The embedded Valkey's address."""
        password = json.loads((self.data_dir / "secrets" / "credentials.json").read_text())["valkey"]
        return f"redis://:{password}@127.0.0.1:{self.status()['addresses']['valkey']}"

    @contextmanager
    def owner(self) -> Iterator[httpx.Client]:
        """A signed-in owner's HTTP client."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            client.post("/api/auth/signin", json={"password": PASSWORD}).raise_for_status()
            yield client

    def device(self, owner: httpx.Client, hardware_id: str) -> str:
        """Pair a device and return its token."""
        fields = {"name": "Test Mac", "hardwareId": hardware_id, "platform": "macos", "osVersion": "15.5"}
        registered = owner.post("/api/devices/register", json=fields).raise_for_status().json()
        owner.post("/api/devices/approve", json={"code": registered["code"]}).raise_for_status()
        proof = {"deviceId": registered["deviceId"], "code": registered["code"]}
        return str(owner.post("/api/devices/verify", json=proof).raise_for_status().json()["token"])


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Return as soon as `condition` holds; fail with `otherwise` when it does not within some seconds."""
    end = time.monotonic() + seconds
    never = threading.Event()
    while not condition():
        assert time.monotonic() < end, otherwise
        never.wait(0.1)
