"""Checks the file of an adapter before it is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.inference.v1 import worker_pb2

from llama_worker.engine.adapters import AdapterFile
from svc_kit.errors import InvalidInput


def adapter_file_of(request: worker_pb2.LoadAdapterRequest) -> AdapterFile:
    """The adapter of a request. Blocks while it reads the whole file for its SHA-256. Raises InvalidInput naming the field."""
    path = Path(request.path)
    if not path.is_absolute():
        raise InvalidInput("path", "must be an absolute path on the worker's machine")
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput("path", f"cannot be read on the worker's machine: {error.strerror}") from None
    except ValueError:
        raise InvalidInput("path", "has a character that no path has") from None
    if request.sha256 != sha256:
        raise InvalidInput("sha256", f"the file's is {sha256}: it is another file, or not complete")
    return AdapterFile(request.adapter_id, path, sha256, request.scale if request.HasField("scale") else 1.0)
