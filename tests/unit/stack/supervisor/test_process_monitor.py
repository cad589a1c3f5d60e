"""The life of one part: each of its states, with a clock that the test moves."""

import asyncio
import signal

import pytest

from stack.errors import StackError
from stack.supervisor.part import Health, Part, PartGaveUp, PartState
from stack.supervisor.part_log import PartLog
from stack.supervisor.process_monitor import (
    FIRST_BACK_OFF_SECONDS,
    MAX_BACK_OFF_SECONDS,
    MAX_FAILURES,
    MAX_SILENCE_SECONDS,
    POLL_SECONDS,
    START_POLL_SECONDS,
    ProcessMonitor,
)
from tests.deadline import eventually
from tests.unit.stack.supervisor.fakes import FakeClock, FakeHealth, FakePrograms, fake_part, settle


class Life:
    """One monitor that runs, and what it is surrounded by."""

    def __init__(self, directory, part=None, needs=(), **changes):
        self.clock, self.programs, self.health = FakeClock(), FakePrograms(), FakeHealth()
        self.states = []
        part = part or fake_part("part", self.health.check, **changes)
        self.log = PartLog(directory, part.name)
        self.monitor = ProcessMonitor(part, self.log, self._changed, clock=self.clock, spawn=self.programs.spawn)
        self.run = asyncio.create_task(self.monitor.run(list(needs)))

    def _changed(self, status):
        if not self.states or self.states[-1] != status.state:
            self.states.append(status.state)

    @property
    def status(self):
        return self.monitor.status

    async def until_ready(self):
        self.health.health = Health.READY
        await self.clock.advance(POLL_SECONDS)
        assert self.status.state is PartState.READY

    async def crash(self, status=1):
        self.programs.newest.end(status)
        await settle()

    async def ended(self):
        """What run() returned or raised; a failure of the test where it still runs."""
        await eventually(self.run.done, seconds=5)
        self.run.result()

    async def stop(self):
        self.monitor.stop()
        await self.ended()


@pytest.fixture
async def begin(tmp_path):
    lives = []

    def make(*arguments, **changes):
        lives.append(Life(tmp_path, *arguments, **changes))
        return lives[-1]

    yield make
    for life in lives:
        life.monitor.stop()
        await asyncio.wait({life.run})
        life.log.close()


async def test_a_part_waits_for_what_it_needs(begin):
    needed = begin(fake_part("needed", FakeHealth().check))
    life = begin(needs=[needed.monitor])
    await settle()
    before = life.status.state

    needed.monitor.started.set()
    await settle()

    assert (before, life.status.state) == (PartState.WAITING, PartState.STARTING)


async def test_a_part_is_starting_until_it_says_that_it_is_ready(begin):
    life = begin()
    await life.clock.advance(10)
    before = (life.status.state, life.monitor.started.is_set())

    await life.until_ready()

    assert before == (PartState.STARTING, False)
    assert life.monitor.started.is_set()
    assert life.status.process_id == life.programs.newest.process_id


async def test_a_part_that_is_never_ready_is_given_up_after_its_time_to_start(begin):
    life = begin(start_seconds=30)

    await life.clock.advance(29)
    before = life.run.done()
    await life.clock.advance(2)

    assert not before
    with pytest.raises(PartGaveUp, match="part did not become ready within 30 s"):
        await life.ended()
    assert life.status.state is PartState.FAILED
    assert life.programs.newest.stopped_with is not None


async def test_a_crashed_part_is_started_again_and_is_ready_again(begin):
    life = begin()
    await life.until_ready()

    life.health.health = Health.SILENT
    await life.crash(-9)
    waits = (life.status.state, life.status.detail, life.status.process_id)
    await life.clock.advance(FIRST_BACK_OFF_SECONDS)
    await life.until_ready()

    assert waits == (PartState.RESTARTING, "was killed by signal 9", None)
    assert life.programs.journal == ["start part", "start part"]
    assert life.status.restarts == 1
    assert life.states[-3:] == [PartState.RESTARTING, PartState.STARTING, PartState.READY]


async def test_each_pause_before_a_restart_is_twice_the_one_before(begin):
    life = begin()
    await settle()

    for _ in range(1, MAX_FAILURES):
        await life.crash()
        await life.clock.advance(MAX_BACK_OFF_SECONDS)

    pauses = [seconds for seconds in life.clock.asked if seconds != START_POLL_SECONDS]
    assert pauses == [FIRST_BACK_OFF_SECONDS * factor for factor in (1, 2, 4, 8)]


async def test_no_pause_is_longer_than_the_longest(begin, monkeypatch):
    monkeypatch.setattr("stack.supervisor.process_monitor.MAX_FAILURES", 20)
    life = begin()
    await settle()

    for _ in range(8):
        await life.crash()
        await life.clock.advance(MAX_BACK_OFF_SECONDS)

    assert max(life.clock.asked) == MAX_BACK_OFF_SECONDS
    assert len(life.programs.all) == 9


async def test_a_part_that_fails_too_often_within_a_minute_is_given_up_with_its_last_words(begin):
    life = begin()
    await settle()
    life.log.write_line(b"no such table\n")

    for _ in range(MAX_FAILURES):
        await life.crash(3)
        await life.clock.advance(MAX_BACK_OFF_SECONDS)

    with pytest.raises(PartGaveUp, match="failed 5 times within a minute; at last it ended with status 3") as failure:
        await life.ended()
    assert failure.value.last_lines == ["no such table"]
    assert len(life.programs.all) == MAX_FAILURES


async def test_failures_that_are_a_minute_apart_are_not_added_up(begin):
    life = begin()

    for _ in range(3 * MAX_FAILURES):
        await life.until_ready()
        await life.clock.advance(20)
        await life.crash()
        await life.clock.advance(MAX_BACK_OFF_SECONDS)

    assert not life.run.done()
    assert life.status.restarts == 3 * MAX_FAILURES


async def test_after_a_final_exit_there_is_no_other_try(begin):
    life = begin(final_exits={2: "was refused: sign in again"})
    await settle()

    await life.crash(2)

    with pytest.raises(PartGaveUp, match="part was refused: sign in again"):
        await life.ended()
    assert life.status.process_id is None
    assert len(life.programs.all) == 1


async def test_a_part_that_is_not_vital_fails_without_an_error(begin):
    life = begin(final_exits={2: "was refused"}, vital=False)
    await settle()

    await life.crash(2)
    await life.ended()

    assert (life.status.state, life.status.detail) == (PartState.FAILED, "was refused")


async def test_what_cannot_be_prepared_is_not_started(begin):
    def prepare():
        raise StackError("the disk is full")

    life = begin(prepare=prepare)

    with pytest.raises(PartGaveUp, match="part cannot start: the disk is full"):
        await life.ended()
    assert life.programs.all == []


async def test_a_short_silence_is_shown_and_forgiven(begin):
    life = begin()
    await life.until_ready()

    life.health.health, life.health.detail = Health.SILENT, "does not answer"
    await life.clock.advance(MAX_SILENCE_SECONDS - 2 * POLL_SECONDS)
    silent = (life.status.state, life.status.detail)
    await life.until_ready()
    life.health.health = Health.SILENT
    await life.clock.advance(MAX_SILENCE_SECONDS - 2 * POLL_SECONDS)

    assert silent == (PartState.SILENT, "does not answer")
    assert len(life.programs.all) == 1


async def test_a_part_that_hangs_is_stopped_and_started_again(begin):
    life = begin()
    await life.until_ready()
    first = life.programs.newest

    life.health.health = Health.SILENT
    await life.clock.advance(MAX_SILENCE_SECONDS + POLL_SECONDS)
    await life.until_ready()

    assert first.stopped_with is not None
    assert PartState.RESTARTING in life.states
    assert len(life.programs.all) == 2


@pytest.mark.parametrize("when", ["at the start", "later"])
async def test_a_check_that_fails_itself_is_a_part_that_does_not_answer(begin, when):
    life = begin()
    if when == "later":
        await life.until_ready()

    life.health.failure = ValueError("password of the store")
    await life.clock.advance(POLL_SECONDS)
    during = (life.status.state, life.status.detail)
    life.health.failure = None
    await life.until_ready()

    assert during == (
        (PartState.SILENT, "could not be asked how it is (ValueError)") if when == "later" else (PartState.STARTING, "")
    )
    assert len(life.programs.all) == 1


async def test_a_limited_part_is_not_started_again_however_long_it_lasts(begin):
    life = begin()
    await life.until_ready()

    life.health.health, life.health.detail = Health.LIMITED, "the database is away"
    await life.clock.advance(10 * MAX_SILENCE_SECONDS)

    assert (life.status.state, life.status.detail) == (PartState.LIMITED, "the database is away")
    assert len(life.programs.all) == 1


@pytest.mark.parametrize("starts_limited", [True, False])
async def test_a_limited_part_counts_as_started_only_where_the_plan_says_so(begin, starts_limited):
    life = begin(starts_limited=starts_limited)
    life.health.health = Health.LIMITED

    await life.clock.advance(POLL_SECONDS)

    assert life.monitor.started.is_set() is starts_limited


async def test_a_part_that_runs_once_is_done_when_it_succeeds(begin):
    life = begin(fake_part("once", None))
    await settle()

    await life.crash(0)
    await life.ended()

    assert (life.status.state, life.monitor.started.is_set()) == (PartState.DONE, True)


async def test_a_part_that_runs_once_is_tried_again_when_it_fails(begin):
    life = begin(fake_part("once", None))
    await settle()

    await life.crash(1)
    await life.clock.advance(FIRST_BACK_OFF_SECONDS)
    await life.crash(0)
    await life.ended()

    assert (life.status.state, life.status.restarts) == (PartState.DONE, 1)


async def test_a_server_that_ends_with_status_0_has_failed_too(begin):
    life = begin()
    await life.until_ready()

    await life.crash(0)

    assert (life.status.state, life.status.detail) == (PartState.RESTARTING, "ended with status 0")


async def test_stop_asks_by_the_signal_and_the_seconds_of_the_plan(begin):
    life = begin(stop_signal=signal.SIGINT, stop_seconds=5.5)
    await life.until_ready()

    await life.stop()

    assert life.programs.newest.stopped_with == (signal.SIGINT, 5.5)
    assert (life.status.state, life.status.process_id) == (PartState.STOPPED, None)


async def test_stop_while_waiting_for_others_starts_nothing(begin):
    needed = begin(fake_part("needed", FakeHealth().check))
    life = begin(needs=[needed.monitor])
    await settle()

    await life.stop()

    assert (life.status.state, life.programs.all) == (PartState.STOPPED, [])


async def test_stop_during_the_pause_before_a_restart_starts_nothing_more(begin):
    life = begin()
    await settle()
    await life.crash()

    await life.stop()

    assert (life.status.state, len(life.programs.all)) == (PartState.STOPPED, 1)


async def test_a_program_of_the_operators_is_watched_and_never_started(begin):
    health = FakeHealth(Health.READY)
    life = begin(Part("theirs", None, health.check))
    await life.clock.advance(POLL_SECONDS)

    health.health = Health.SILENT
    await life.clock.advance(3 * MAX_SILENCE_SECONDS)
    away = life.status.state
    health.health = Health.READY
    await life.clock.advance(MAX_SILENCE_SECONDS)

    assert (away, life.status.state) == (PartState.SILENT, PartState.READY)
    assert life.programs.all == []


async def test_a_check_of_the_operators_program_that_fails_itself_is_asked_again_after_a_pause(begin):
    health = FakeHealth(Health.READY)
    life = begin(Part("theirs", None, health.check))
    await life.clock.advance(POLL_SECONDS)

    health.failure = ValueError("password of the store")
    before = health.asked
    await life.clock.advance(5 * POLL_SECONDS)

    assert health.asked - before == 5
    assert life.status.state is PartState.SILENT
    assert not life.run.done()


async def test_a_program_of_the_operators_has_to_answer_at_the_start(begin):
    external = Part(
        "valkey", None, FakeHealth().check, address="cache.example:6379", named_by="REDIS_URL", start_seconds=30
    )
    life = begin(external)

    await life.clock.advance(31)

    with pytest.raises(
        PartGaveUp, match=r"valkey does not answer at cache\.example:6379, the address that REDIS_URL gives"
    ):
        await life.ended()
