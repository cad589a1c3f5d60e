"""`python -m tests.contract.inference_svc.doomed`: inference_svc as a process of its own, for a test to kill."""

import uvloop

from inference_svc.jobs.runner import JobIntervals
from inference_svc.settings import InferenceSettings
from inference_svc.wiring import Intervals, build
from svc_kit.server import serve

# As short as the lease of whoever takes over: nobody wants to wait for a real one to run out.
LEASE = JobIntervals(lease=2.0, look=0.05, pause=0.02, upkeep=0.1)


async def main() -> None:
    """Serve until killed."""
    await serve(await build(InferenceSettings.load(), Intervals(jobs=LEASE)))


if __name__ == "__main__":
    uvloop.run(main())
