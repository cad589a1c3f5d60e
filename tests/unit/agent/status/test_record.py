"""The status file's content."""

import json
from datetime import UTC, datetime

import pytest

from agent.reporting import Summary, Trouble
from agent.status.record import Pass, Progress, State, Status

AT = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)
WHOLE = Status(
    state=State.TROUBLE,
    since=AT,
    trouble=Trouble.CANNOT_READ,
    text="no",
    paused=True,
    progress=Progress(10, 20, 30),
    last_sync_at=AT,
    next_full_by=AT,
    passes=(Pass(AT, Summary(sent=3, inserted=2, updated=1)),),
    server="https://a.example",
    device_id="device-1",
    database="/tmp/chat.db",
    version="0.1.0",
    program="/usr/bin/python3",
    process_id=5,
    started_at=AT,
)


@pytest.mark.parametrize("status", [Status(), WHOLE], ids=["empty", "whole"])
def test_what_is_written_can_be_read(status: Status):
    assert Status.from_json(status.to_json()) == status


def test_the_fields_are_those_that_scripts_rely_on():
    assert json.loads(WHOLE.to_json()) == {
        "format": 1,
        "state": "trouble",
        "since": "2026-03-14T11:00:00Z",
        "trouble": "cannot-read",
        "text": "no",
        "paused": True,
        "progress": {"first": 10, "row": 20, "last": 30},
        "last_sync_at": "2026-03-14T11:00:00Z",
        "next_full_by": "2026-03-14T11:00:00Z",
        "passes": [
            {
                "at": "2026-03-14T11:00:00Z",
                "sent": 3,
                "inserted": 2,
                "updated": 1,
                "deleted": 0,
                "kept": 0,
                "refused": 0,
                "unreadable": 0,
            },
        ],
        "server": "https://a.example",
        "device_id": "device-1",
        "database": "/tmp/chat.db",
        "version": "0.1.0",
        "program": "/usr/bin/python3",
        "process_id": 5,
        "started_at": "2026-03-14T11:00:00Z",
    }


def test_what_a_later_version_adds_is_no_obstacle():
    values = json.loads(WHOLE.to_json()) | {"mood": "good"}

    assert Status.from_json(json.dumps(values)) == WHOLE


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"state": "dancing"}', '{"state": "idle", "since": "x"}', '{"state":"idle","passes":[1]}']
)
def test_something_else_is_not_taken_for_a_status(text: str):
    with pytest.raises(ValueError, match=r".*"):
        Status.from_json(text)


@pytest.mark.parametrize(
    ("progress", "fraction"),
    [(Progress(0, 5, 10), 0.5), (Progress(10, 12, 10), 1.0), (Progress(0, 20, 10), 1.0), (Progress(5, 0, 10), 0.0)],
)
def test_progress_is_between_nothing_and_all(progress: Progress, fraction: float):
    assert progress.fraction == fraction
