"""What a worker says of itself in Redis: where it is and how it is, and nothing of whom it works for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from svc_kit.model_state import ModelState
from svc_kit.redis_client import KEY_PREFIX

# All ids, by when each was last heard of: the entries themselves could only be found among all keys.
WORKERS = f"{KEY_PREFIX}:workers"
HEARTBEAT_S = 2.0
# Three heartbeats: one that is late is no death.
LIFETIME_S = 6.0


@dataclass(frozen=True, slots=True)
class WorkerEntry:
    """One worker. Its address is its id, so that a worker that is started again is the same one."""

    address: str
    state: ModelState
    draining: bool = False
    sha256: str = ""
    running: int = 0
    queued: int = 0
    sequences: int = 1
    queue_limit: int = 1

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({**asdict(self), "state": self.state.value})


def entry_key(address: str) -> str:
    """Where a worker's entry is kept."""
    return f"{KEY_PREFIX}:worker:{address}"


def entry_of(kept: bytes | None) -> WorkerEntry | None:
    """The entry; None when it has run out, or was written by another version or by somebody else."""
    try:
        fields = json.loads(kept or b"")
        return WorkerEntry(**{**fields, "state": ModelState(fields["state"])})
    except (ValueError, TypeError, KeyError):
        return None
