"""The worker, but that its model never says that it is done: every draft is as long as was asked, as with the peers."""

from __future__ import annotations

import sys

import uvloop

# First, since it chooses how OpenMP waits, which is read when llama.cpp is loaded.
import inference_svc.worker.llama  # noqa: F401  # isort: skip

from inference_svc.worker.llama import source
from inference_svc.worker.llama.backend import LlamaBackend
from inference_svc.worker.settings import WorkerSettings
from inference_svc.worker.wiring import build
from svc_kit.logs import configure_logs
from svc_kit.server import serve


class EndlessBackend(LlamaBackend):
    """Goes on where others end."""

    def ends(self, token: int) -> bool:
        return False


async def _main(settings: WorkerSettings) -> None:
    await serve(build(settings))


if __name__ == "__main__":
    setattr(source, "LlamaBackend", EndlessBackend)  # noqa: B010 - what a module imports is not its own to say
    sys.setswitchinterval(0.0005)
    configure_logs("worker")
    uvloop.run(_main(WorkerSettings.load()))
