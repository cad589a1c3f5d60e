"""A draft goes through the queue, over REST as a browser would ask for it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.conftest import conversations


def test_a_draft_in_the_queue_is_watched_until_it_is_done(owner: httpx.Client) -> None:
    draft = {"conversationId": conversations(owner)[0]["conversationId"], "sampling": {"maxTokens": 12}}
    request = {"request": draft, "requestId": str(uuid4())}

    job = owner.post("/api/responses/generate/async", json=request).raise_for_status().json()["job"]
    path = f"/api/responses/jobs/{job['jobId']}"
    events = watched(owner, f"{path}:watch")
    ended = owner.get(path).raise_for_status().json()["job"]
    again = owner.post("/api/responses/generate/async", json=request).raise_for_status().json()["job"]
    cancelled = owner.post(f"{path}:cancel", json={}).raise_for_status().json()["job"]

    assert job["state"] == "JOB_STATE_QUEUED"
    assert events[-1] == {"done": ended}
    assert (ended["state"], ended["attempts"]) == ("JOB_STATE_COMPLETED", 1)
    assert ended["response"]["response"]
    assert [again, cancelled] == [ended, ended]
    assert owner.get(f"/api/responses/jobs/{uuid4()}:watch").status_code == 404


def watched(owner: httpx.Client, path: str) -> list[dict[str, Any]]:
    """All events of a stream."""
    with owner.stream("GET", path) as answer:
        lines = [line for line in answer.raise_for_status().iter_lines() if line.startswith("data:")]
    return [json.loads(line.removeprefix("data:")) for line in lines]
