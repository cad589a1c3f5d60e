"""The workers: llama.cpp, one process for each GPU."""

import os
import sys
from pathlib import Path

from stack.launcher import tied_command
from stack.plan.child_environment import WORKER, child_environment, metrics_of
from stack.plan.installation import Installation
from stack.plan.services import DRAIN_SECONDS
from stack.plan.worker_check import worker_works
from stack.settings import model_choice
from stack.supervisor.part import Part

_DEVICES = "CUDA_VISIBLE_DEVICES"
_METRICS = "WORKER_METRICS_PORT"
_THREADS = "ML_SERVICE_THREADS"


def worker_parts(plan: Installation) -> list[Part]:
    """Return the llama.cpp processes, or the watch on the operator's."""
    count = len(plan.worker_addresses)
    return [_worker_part(plan, index, f"worker {index + 1}" if count > 1 else "worker") for index in range(count)]


def _worker_part(plan: Installation, index: int, name: str) -> Part:
    address = plan.worker_addresses[index]
    check = worker_works(address, plan.credentials.internal_key)
    # One of several may fail for good: the others draft.
    vital = len(plan.worker_addresses) == 1
    if plan.settings.worker_addresses:
        return Part(
            name,
            None,
            check,
            address=address,
            named_by="ML_SERVICE_URL",
            start_seconds=30,
            starts_limited=True,
            vital=vital,
        )
    return Part(
        name,
        lambda: tied_command([sys.executable, "-m", "llama_worker"]),
        check,
        environment=worker_environment(plan, index),
        address=address,
        stop_seconds=DRAIN_SECONDS,
        starts_limited=True,
        vital=vital,
    )


def worker_environment(plan: Installation, index: int, gpus: int | None = None) -> dict[str, str]:
    """Return everything that one worker needs to know; `gpus` is how many this machine has, counted when left out."""
    environment = child_environment(plan.environment, WORKER, metrics_of("worker"))
    environment |= model_choice(plan.environment, demo=plan.demo)
    environment |= {
        "WORKER_LISTEN": plan.worker_addresses[index],
        "DEVICE_SVC_ADDRESS": plan.addresses.service("device"),
        "REDIS_URL": plan.redis_url,
        "ASSISTANT_INTERNAL_KEY": plan.credentials.internal_key,
    }
    if len(plan.worker_addresses) == 1:
        return environment
    return environment | _share(environment, index, len(plan.worker_addresses), _gpu_count() if gpus is None else gpus)


def _share(environment: dict[str, str], index: int, workers: int, gpus: int) -> dict[str, str]:
    """What one of several workers has for itself: a GPU, some threads, a port for its metrics."""
    share: dict[str, str] = {}
    chosen = [device for device in environment.get(_DEVICES, "").split(",") if device.strip()]
    # What the operator chose, also that it is none at all, is only dealt out.
    devices = chosen if _DEVICES in environment else [str(number) for number in range(gpus)]
    if devices:
        share[_DEVICES] = devices[index % len(devices)].strip()
    if environment.get(_THREADS, "0") in ("", "0"):
        share[_THREADS] = str(max(1, _usable_processors() // workers))
    if environment.get(_METRICS, "0").isdigit() and int(environment.get(_METRICS, "0")):
        share[_METRICS] = str(int(environment[_METRICS]) + index)
    return share


def _gpu_count() -> int:
    """NVIDIA GPUs that this machine, or this container of it, has."""
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def _usable_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
