"""Keeps the server's copy of the Messages database equal to it."""

from agent.sync.limits import SyncLimits
from agent.sync.passes import Sync

__all__ = ["Sync", "SyncLimits"]
