"""What a person at the terminal sees."""

import io

import pytest
from rich.console import Console

from agent.console import ConsoleReporter
from agent.reporting import Summary


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=None, legacy_windows=False)


def shown(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.mark.parametrize(
    ("rows", "title"), [("sending", "Sending messages"), ("checking", "Comparing with the server")]
)
def test_much_work_has_a_bar_in_a_terminal(rows: str, title: str):
    target = console(terminal=True)
    reporter = ConsoleReporter(target, quiet_when_nothing=True)

    if rows == "sending":
        reporter.started(0, 10_000)
        reporter.reached(5_000)
    else:
        reporter.checking(5_000, 10_000)
    reporter.finished(Summary(sent=3, inserted=3))

    assert title in shown(target)
    assert shown(target).rstrip().endswith("Sent 3 messages: 3 new, 0 changed.")


@pytest.mark.parametrize(("terminal", "last"), [(True, 100), (False, 10_000)], ids=["little work", "no terminal"])
def test_otherwise_there_is_none(terminal: bool, last: int):
    target = console(terminal=terminal)
    reporter = ConsoleReporter(target, quiet_when_nothing=True)

    reporter.started(0, last)
    reporter.checking(5, last)
    reporter.reached(last)
    reporter.finished(Summary())

    assert shown(target) == ""


def test_a_new_pass_has_a_new_bar():
    target = console(terminal=True)
    reporter = ConsoleReporter(target, quiet_when_nothing=True)

    reporter.started(0, 10_000)
    reporter.checking(500, 10_000)
    reporter.started(0, 10_000)
    reporter.close()

    assert "Comparing with the server" in shown(target)
