"""Saves settings into the file that a person may have written, and leaves all else in it as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit

from agent.errors import AgentError
from agent.private_file import write_private

_HEADING: Final = "# Settings of assistant-agent; docs/AGENT.md lists them. Comments and order are kept.\n"


def save_settings(path: Path, changes: Mapping[str, Any]) -> bool:
    """Write the values that are given (not None); return whether the file changed."""
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        before = ""
    document = tomlkit.parse(before or _HEADING)
    for key, value in changes.items():
        if value is not None and document.get(key) != (written := _written(value)):
            document[key] = written
    after = tomlkit.dumps(document)
    if after == (before or _HEADING):
        return False
    try:
        write_private(path.resolve(), after)  # a link to a file elsewhere stays one
    except OSError as error:
        raise AgentError(f"the settings cannot be kept in {path}: {error.strerror}") from error
    return True


def _written(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    return list(value) if isinstance(value, tuple) else value
