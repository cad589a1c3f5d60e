"""`python -m sync_svc`: read the settings, set up logging, serve."""

from __future__ import annotations

import uvloop

from svc_kit.logs import configure_logs
from svc_kit.server import serve
from sync_svc.settings import SyncSettings
from sync_svc.wiring import build


async def _main(settings: SyncSettings) -> None:
    await serve(await build(settings))


if __name__ == "__main__":
    configure_logs("sync_svc")
    uvloop.run(_main(SyncSettings.load()))
