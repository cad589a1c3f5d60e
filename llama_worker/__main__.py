"""`python -m llama_worker`: read the settings, set up logging, serve."""

from __future__ import annotations

import sys

import uvloop

from llama_worker.settings import WorkerSettings
from llama_worker.wiring import build
from svc_kit.logs import configure_logs
from svc_kit.server import serve


async def _main(settings: WorkerSettings) -> None:
    await serve(build(settings))


if __name__ == "__main__":
    # Between two steps the engine's thread waits at most this long for the loop to let go of the interpreter.
    sys.setswitchinterval(0.0005)
    configure_logs("worker")
    uvloop.run(_main(WorkerSettings.load()))
