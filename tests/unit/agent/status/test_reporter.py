"""The status file follows the agent."""

import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.reporting import Summary, Trouble
from agent.status.record import State, Status
from agent.status.reporter import StatusReporter, read_status


@dataclass
class Clock:
    """Time that moves when a test says so."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 14, 11, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "status.json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reporter(path: Path, clock: Clock) -> StatusReporter:
    return StatusReporter(path, Status(version="1"), 300, clock.now, clock.monotonic)


def written(path: Path) -> Status:
    status = read_status(path)
    assert status is not None
    return status


def test_the_file_is_there_from_the_start_and_for_its_owner_only(reporter: StatusReporter, path: Path):
    assert written(path).state is State.STARTING
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pass_goes_from_syncing_to_idle(reporter: StatusReporter, path: Path, clock: Clock):
    reporter.started(100, 300)
    at_first = written(path)
    clock.go_on(2)
    reporter.reached(200)
    half_way = written(path)
    reporter.finished(Summary(sent=200, inserted=200))

    assert at_first.state is State.SYNCING
    assert half_way.progress is not None
    assert half_way.progress.fraction == 0.5
    end = written(path)
    assert (end.state, end.progress, end.last_sync_at) == (State.IDLE, None, clock.at)
    assert end.next_full_by == clock.at + timedelta(seconds=300)
    assert end.passes[0].summary == Summary(sent=200, inserted=200)


def test_progress_is_written_once_a_second_at_most(reporter: StatusReporter, path: Path, clock: Clock):
    reporter.started(0, 1000)
    before = path.stat().st_ino
    for row in range(100):
        reporter.reached(row)
    same = path.stat().st_ino
    clock.go_on(1.5)
    reporter.reached(500)

    assert same == before
    assert path.stat().st_ino != before
    assert reporter.status.progress is not None


def test_comparing_is_a_state_of_its_own(reporter: StatusReporter, path: Path):
    reporter.checking(5, 10)

    assert written(path).state is State.CHECKING


def test_a_pass_that_found_nothing_is_not_remembered(reporter: StatusReporter, path: Path):
    reporter.finished(Summary())
    reporter.finished(Summary(kept=3, unreadable=2))

    assert written(path).passes == ()


def test_only_the_last_passes_are_remembered(reporter: StatusReporter, path: Path):
    for count in range(1, 15):
        reporter.finished(Summary(sent=count))

    assert [entry.summary.sent for entry in written(path).passes] == list(range(14, 4, -1))


@pytest.mark.parametrize(
    "what", [Trouble.CANNOT_READ, Trouble.SERVER_AWAY, Trouble.NOT_PAIRED, Trouble.NOTHING_TO_READ]
)
def test_a_complete_pass_ends_a_trouble(reporter: StatusReporter, path: Path, what: Trouble):
    reporter.trouble(what, "so")
    during = written(path)
    reporter.finished(Summary())

    assert (during.state, during.trouble, during.text) == (State.TROUBLE, what, "so")
    assert (written(path).state, written(path).trouble, written(path).text) == (State.IDLE, None, "")


def test_a_wrong_clock_outlives_a_pass_until_all_is_well(reporter: StatusReporter, path: Path):
    reporter.trouble(Trouble.CLOCK_SKEW, "90 s ahead")
    reporter.finished(Summary())
    still = written(path)
    reporter.well()

    assert still.trouble is Trouble.CLOCK_SKEW
    assert written(path).trouble is None


def test_a_server_that_is_waited_for_is_away_until_it_takes_something(reporter: StatusReporter, path: Path):
    reporter.started(0, 10)
    reporter.waiting(3, "no good answer")
    during = written(path)
    reporter.reached(5)

    assert (during.state, during.trouble) == (State.TROUBLE, Trouble.SERVER_AWAY)
    assert written(path).state is State.SYNCING


def test_a_pause_shows_when_the_pass_that_runs_is_over(reporter: StatusReporter, path: Path):
    reporter.started(0, 10)
    reporter.pause_is(True)
    during = written(path)
    reporter.finished(Summary())
    after = written(path)
    reporter.pause_is(False)

    assert (during.state, after.state, written(path).state) == (State.SYNCING, State.PAUSED, State.IDLE)


@pytest.mark.parametrize("what", [Trouble.SERVER_AWAY, Trouble.CANNOT_READ, Trouble.NOT_PAIRED])
def test_a_pause_shows_although_the_pass_broke_off(reporter: StatusReporter, path: Path, what: Trouble):
    reporter.started(0, 10)
    reporter.trouble(what, "no")
    reporter.pause_is(True)

    assert (written(path).state, written(path).progress) == (State.PAUSED, None)


def test_new_settings_end_the_pass_of_the_old_ones(reporter: StatusReporter, path: Path):
    reporter.started(0, 10)
    reporter.works_for("https://a.example", "device-1", Path("/tmp/chat.db"), 60)

    assert written(path).progress is None


def test_waiting_for_a_server_is_a_part_of_the_pass(reporter: StatusReporter, path: Path):
    reporter.started(0, 10)
    reporter.waiting(3, "no good answer")

    assert written(path).progress is not None


def test_since_is_when_the_state_began(reporter: StatusReporter, clock: Clock):
    reporter.finished(Summary())
    began = clock.at
    clock.go_on(60)
    reporter.finished(Summary())

    assert reporter.status.since == began


def test_an_end_is_an_end(reporter: StatusReporter, path: Path):
    reporter.finished(Summary())
    reporter.ended("stopped by an unexpected error: ValueError at wire.py:5")

    assert written(path).state is State.STOPPED
    assert "wire.py:5" in written(path).text


def test_whom_it_works_for_is_told(reporter: StatusReporter, path: Path, clock: Clock):
    reporter.works_for("https://a.example", "device-1", Path("/tmp/chat.db"), 60)
    reporter.finished(Summary())

    assert (written(path).server, written(path).device_id) == ("https://a.example", "device-1")
    assert written(path).next_full_by == clock.at + timedelta(seconds=60)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")

    reporter = StatusReporter(in_the_way / "status.json", Status(), 300)
    reporter.finished(Summary(sent=1))

    assert reporter.status.state is State.IDLE


def test_no_file_and_no_status_are_none(tmp_path: Path):
    (tmp_path / "other").write_text("hello")

    assert read_status(tmp_path / "missing") is None
    assert read_status(tmp_path / "other") is None
