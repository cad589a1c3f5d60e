"""What a log says of a sync."""

import pytest

from agent.reporting import Summary, Trouble
from agent.sentences import LineReporter, sentence_of


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        (Summary(), ""),
        (Summary(sent=1200, inserted=1100, updated=100), "Sent 1,200 messages: 1,100 new, 100 changed."),
        (Summary(deleted=2), "Deleted 2 on the server that were deleted here."),
        (Summary(refused=1), "Left out 1 that the server refuses."),
        (Summary(kept=3), "Kept 3 on the server that are no longer here."),
        (Summary(unreadable=1), "Left out 1 that this version cannot read."),
    ],
)
def test_a_pass_is_a_sentence(summary: Summary, sentence: str):
    assert sentence_of(summary) == sentence


def test_what_stays_the_same_is_said_once():
    said: list[str] = []
    reporter = LineReporter(said.append, quiet_when_nothing=True)

    for _ in range(3):
        reporter.trouble(Trouble.CANNOT_READ, "no permission")
        reporter.waiting(1, "away")
        reporter.waiting(2, "away")
    for _ in range(3):
        reporter.finished(Summary(kept=2, unreadable=1))

    assert said == [
        *["no permission", "away; trying again"] * 3,
        "All is well again.",
        "Kept 2 on the server that are no longer here. Left out 1 that this version cannot read.",
    ]


def test_a_wrong_clock_is_not_well_because_messages_flow():
    said: list[str] = []
    reporter = LineReporter(said.append, quiet_when_nothing=True)

    for _ in range(3):
        reporter.trouble(Trouble.CLOCK_SKEW, "90 s ahead")
        reporter.finished(Summary())

    assert said == ["90 s ahead"]


def test_nothing_new_is_said_to_who_asked_for_a_pass():
    said: list[str] = []

    LineReporter(said.append, quiet_when_nothing=False).finished(Summary())

    assert said == ["Nothing new: the server has everything."]
