"""`python -m inference_svc`: read the settings, set up logging, serve."""

from __future__ import annotations

import sys

import uvloop

from inference_svc.settings import InferenceSettings
from inference_svc.wiring import build
from model_files.manifest import ManifestError
from svc_kit.logs import configure_logs
from svc_kit.server import serve


async def _main(settings: InferenceSettings) -> None:
    await serve(await build(settings))


if __name__ == "__main__":
    configure_logs("inference_svc")
    try:
        uvloop.run(_main(InferenceSettings.load()))
    except ManifestError as error:
        sys.exit(str(error))
