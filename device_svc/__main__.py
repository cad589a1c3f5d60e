"""`python -m device_svc`: read the settings, set up logging, serve."""

from __future__ import annotations

import sys

import uvloop

from device_svc.crypto.signing_key import UnusableKey
from device_svc.settings import DeviceSettings
from device_svc.wiring import build
from svc_kit.logs import configure_logs
from svc_kit.server import serve


async def _main(settings: DeviceSettings) -> None:
    await serve(await build(settings))


if __name__ == "__main__":
    configure_logs("device_svc")
    try:
        uvloop.run(_main(DeviceSettings.load()))
    except UnusableKey as error:
        sys.exit(f"ASSISTANT_SIGNING_KEY_FILE: {error}")
