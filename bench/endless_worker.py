"""The worker with a model that never ends by itself: every draft has the length that was asked for, as with the peers.

It also counts what the steps take in which every sequence decodes, and shows that beside its other metrics.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import uvloop

# Imported first: it chooses how OpenMP waits, and llama.cpp reads that when it is loaded.
import llama_worker.llama  # noqa: F401  # isort: skip

from prometheus_client import Gauge

from llama_worker.engine.backend import Span
from llama_worker.llama import source
from llama_worker.llama.backend import LlamaBackend
from llama_worker.settings import WorkerSettings
from llama_worker.wiring import build
from svc_kit.logs import configure_logs
from svc_kit.server import serve


class EndlessBackend(LlamaBackend):
    """Goes on where others end."""

    def __init__(self, *arguments: Any) -> None:
        self.full_steps = self.full_reused = 0
        # From the end of one such step to the end of the next, and of that what llama.cpp takes.
        self.full_seconds = self.decode_seconds = 0.0
        self._last_ended: float | None = None
        self._took = 0.0
        self._reused = 0
        super().__init__(*arguments)
        for name, value in {
            "steps": lambda: self.full_steps,
            "seconds": lambda: self.full_seconds,
            "decode_seconds": lambda: self.decode_seconds,
            "graphs_reused": lambda: self.full_reused,
        }.items():
            Gauge(f"bench_{name}", "Of steps in which every sequence decodes.").set_function(value)

    def ends(self, token: int) -> bool:
        return False

    def decode(self, spans: Sequence[Span]) -> int:
        code = super().decode(spans)
        ended = time.perf_counter()
        reused_before, self._reused = self._reused, self.graphs_reused()
        full = len(spans) == self.limits.sequences and all(len(span.tokens) == 1 for span in spans)
        if full and self._last_ended is not None:
            self.full_steps += 1
            self.full_seconds += ended - self._last_ended
            self.decode_seconds += self._took
            self.full_reused += self._reused - reused_before
        self._last_ended = ended if full else None
        return code

    def _compute(self) -> int:
        began = time.perf_counter()
        code = super()._compute()
        self._took = time.perf_counter() - began
        return code


async def _main(settings: WorkerSettings) -> None:
    await serve(build(settings))


if __name__ == "__main__":
    setattr(source, "LlamaBackend", EndlessBackend)  # noqa: B010 - what a module imports is not its own to say
    sys.setswitchinterval(0.0005)
    configure_logs("worker")
    uvloop.run(_main(WorkerSettings.load()))
