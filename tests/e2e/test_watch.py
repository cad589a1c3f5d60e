"""What changes is told over REST, as the UI hears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.e2e.conftest import conversations


def test_a_change_is_told_through_the_edge(owner: httpx.Client) -> None:
    path = f"/api/conversations/{conversations(owner)[0]['conversationId']}"
    settings = {"settings": {"tone": "warm"}, "updateMask": "tone"}

    with owner.stream("GET", "/api/conversations:watch") as answer:
        events = told(answer.raise_for_status())
        first = next(events)
        changed = owner.patch(path, json=settings).raise_for_status().json()["conversation"]
        seen = next(one for one in events if one.get("conversationChanged", {}).get("settings", {}).get("tone"))

    assert first == {"heartbeat": {}}
    assert seen == {"conversationChanged": changed}


def told(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream, as they come."""
    return (json.loads(line.removeprefix("data:")) for line in answer.iter_lines() if line.startswith("data:"))
