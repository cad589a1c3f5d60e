"""Notices that the Messages database may have changed. All of this only hurries the look that is taken anyway."""

from agent.watch.choose import change_source
from agent.watch.source import ChangeSource

__all__ = ["ChangeSource", "change_source"]
