"""`python -m tests.contract.inference_svc.doomed`: inference_svc as a process of its own, for a test to kill."""

import uvloop

from inference_svc.job_runner import JobRhythm
from inference_svc.settings import InferenceSettings
from inference_svc.wiring import Rhythm, build
from svc_kit.server import serve

# As short as the lease of whoever takes over: nobody wants to wait for a real one to run out.
LEASE = JobRhythm(lease=2.0, look=0.05, pause=0.02, upkeep=0.1)


async def main() -> None:
    """Serve until killed."""
    await serve(await build(InferenceSettings.load(), Rhythm(jobs=LEASE)))


if __name__ == "__main__":
    uvloop.run(main())
