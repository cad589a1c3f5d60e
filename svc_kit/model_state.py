"""How a model is, for those who draft with it and for the worker that has it."""

from __future__ import annotations

from enum import Enum


class ModelState(Enum):
    """Whether a model can work."""

    UNKNOWN = "unknown"
    NOT_INSTALLED = "not installed"
    INSTALLED = "installed"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
