"""All parts together: the order of the start and of the end, and what one failure does to the others."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from stack.supervisor.part import Health, PartGaveUp, PartState
from stack.supervisor.process_monitor import MAX_BACK_OFF_SECONDS, MAX_FAILURES, POLL_SECONDS
from stack.supervisor.supervisor import Supervisor
from tests.deadline import eventually
from tests.unit.stack.supervisor.fakes import FakeClock, FakeHealth, FakePrograms, fake_part, settle


class Stack:
    """A supervisor that runs, and the health of its parts by name."""

    def __init__(self, directory, needs, **changes):
        self.clock, self.programs = FakeClock(), FakePrograms()
        self.health = {name: FakeHealth(Health.READY) for name in needs}
        parts = [
            fake_part(name, self.health[name].check, needs=tuple(others), **changes.get(name, {}))
            for name, others in needs.items()
        ]
        self.supervisor = Supervisor(parts, directory, lambda status: None, clock=self.clock, spawn=self.programs.spawn)
        self.stop = asyncio.Event()
        self.run = asyncio.create_task(self.supervisor.run(self.stop))

    async def until_all_started(self):
        async with asyncio.timeout(5):
            await self.supervisor.all_started()

    @property
    def states(self):
        return {status.name: status.state for status in self.supervisor.statuses}

    def program_of(self, name):
        started = [entry.removeprefix("start ") for entry in self.programs.journal if entry.startswith("start ")]
        return next(
            program for part, program in reversed(list(zip(started, self.programs.all, strict=True))) if part == name
        )


@asynccontextmanager
async def stack(directory, needs, **changes):
    running = Stack(directory, needs, **changes)
    try:
        yield running
    finally:
        running.stop.set()
        await asyncio.wait({running.run})


CHAIN = {"front": ["middle"], "middle": ["back"], "back": []}


async def test_parts_start_after_what_they_need_and_stop_before_it(tmp_path):
    async with stack(tmp_path, CHAIN) as running:
        await running.clock.advance(POLL_SECONDS)
        await running.until_all_started()
    await running.run

    assert running.programs.journal == [
        "start back",
        "start middle",
        "start front",
        "stop front",
        "stop middle",
        "stop back",
    ]
    assert set(running.states.values()) == {PartState.STOPPED}


async def test_what_others_need_holds_them_back_until_it_is_ready(tmp_path):
    async with stack(tmp_path, CHAIN) as running:
        running.health["middle"].health = Health.SILENT
        await running.clock.advance(POLL_SECONDS)

        assert running.states == {
            "front": PartState.WAITING,
            "middle": PartState.STARTING,
            "back": PartState.READY,
        }


async def test_a_part_that_others_need_may_start_again_without_them(tmp_path):
    async with stack(tmp_path, CHAIN) as running:
        await running.clock.advance(POLL_SECONDS)

        running.program_of("back").end(1)
        await running.clock.advance(MAX_BACK_OFF_SECONDS)

        assert running.programs.journal[3:] == ["start back"]
        assert set(running.states.values()) == {PartState.READY}


async def test_a_vital_part_that_fails_for_good_stops_the_others_in_order(tmp_path):
    async with stack(tmp_path, CHAIN, middle={"final_exits": {2: "was refused"}}) as running:
        await running.clock.advance(POLL_SECONDS)
        running.program_of("middle").end(2)
        await eventually(running.run.done, seconds=5)

    with pytest.raises(PartGaveUp, match="middle was refused"):
        running.run.result()
    assert running.programs.journal[3:] == ["stop front", "stop back"]


async def test_a_part_that_is_not_vital_fails_alone(tmp_path):
    async with stack(tmp_path, {"good": [], "extra": []}, extra={"vital": False}) as running:
        for _ in range(MAX_FAILURES):
            await running.clock.advance(POLL_SECONDS)
            running.program_of("extra").end(1)
            await running.clock.advance(MAX_BACK_OFF_SECONDS)

        assert running.states == {"good": PartState.READY, "extra": PartState.FAILED}
        await running.until_all_started()
    await running.run


async def test_stop_before_anything_is_ready_ends_what_was_started(tmp_path):
    async with stack(tmp_path, CHAIN) as running:
        running.health["back"].health = Health.SILENT
        await settle()
    await running.run

    assert running.programs.journal == ["start back", "stop back"]
