"""Writes `message_summary_info` as Messages does: a binary property list."""

import plistlib
from collections.abc import Mapping, Sequence
from typing import Any

from stack.demo_data.typedstream_writer import attributed_body


def edited_info(versions: Mapping[int, Sequence[tuple[str, float]]], unsent: Sequence[int] = ()) -> bytes:
    """The blob of a message whose parts were edited: each part's texts with their times in seconds since 2001."""
    parts = sorted({*versions, *unsent})
    info: dict[str, Any] = {
        "otr": {str(part): {"lo": 0, "le": 1} for part in parts},
        "ec": {
            str(part): [{"d": at, "t": attributed_body(text), "bcg": f"B-{part}"} for text, at in texts]
            for part, texts in versions.items()
        },
        "ep": sorted(versions),
        "ust": True,
    }
    if unsent:
        info["rp"] = list(unsent)
    return plistlib.dumps(info, fmt=plistlib.FMT_BINARY)


def unsent_info(*, parts: int, unsent: Sequence[int]) -> bytes:
    """The blob of a message of which some parts were unsent."""
    info = {
        "otr": {str(part): {"lo": part, "le": 1} for part in range(parts)},
        "rp": list(unsent),
        "ust": True,
    }
    return plistlib.dumps(info, fmt=plistlib.FMT_BINARY)
