"""`python -m training_svc`: read the settings, set up logging, serve."""

from __future__ import annotations

import uvloop

from svc_kit.logs import configure_logs
from svc_kit.server import serve
from training_svc.settings import TrainingSettings
from training_svc.wiring import build


async def _main(settings: TrainingSettings) -> None:
    await serve(await build(settings))


if __name__ == "__main__":
    configure_logs("training_svc")
    uvloop.run(_main(TrainingSettings.load()))
