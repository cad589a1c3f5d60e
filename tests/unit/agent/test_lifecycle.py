"""The agent that stays: whatever stands in the way is told, and gone on from."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.controls import Controls
from agent.credential import Credential
from agent.errors import AgentError, CannotRead, NotPaired, ServerAway, UsageError
from agent.lifecycle import AgentLifecycle, Work
from agent.reporting import Summary, Trouble
from agent.settings import Settings
from tests.deadline import eventually

SERVER = "https://a.example"


def credential(token: str = "one", server: str = SERVER) -> Credential:  # noqa: S107 (of a test)
    return Credential(server, "device-1", token, datetime.now(UTC) + timedelta(days=7))


@dataclass
class Store:
    """Keeps a credential in memory, or is closed."""

    kept: Credential | None = None
    closed: bool = False
    looks: int = 0

    def prepare(self) -> None:
        pass

    def load(self) -> Credential | None:
        self.looks += 1
        if self.closed:
            raise AgentError("no keychain can be used here")
        return self.kept

    def save(self, new: Credential) -> None:
        self.kept = new

    def forget(self) -> bool:
        self.kept = None
        return True


@dataclass
class Troubles:
    """Implements Reporter; remembers troubles."""

    told: list[tuple[Trouble, str]] = field(default_factory=list)
    wells: int = 0

    def started(self, first: int, last: int) -> None: ...
    def reached(self, row: int) -> None: ...
    def checking(self, row: int, last: int) -> None: ...
    def waiting(self, seconds: float, reason: str) -> None: ...
    def finished(self, summary: Summary) -> None: ...

    def well(self) -> None:
        self.wells += 1

    def trouble(self, what: Trouble, text: str) -> None:
        self.told.append((what, text))


@dataclass
class World:
    """What a lifecycle keeps, and what it did."""

    store: Store = field(default_factory=Store)
    settings: Settings | AgentError = field(default_factory=lambda: Settings(server=SERVER))
    pairing: int = 0
    refused: set[str] = field(default_factory=set)
    fails: list[Exception] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    """The tokens that were worked with."""
    at_work: int = 0
    reporter: Troubles = field(default_factory=Troubles)
    controls: Controls = field(default_factory=Controls)

    def read_work(self) -> Work:
        if isinstance(self.settings, AgentError):
            raise self.settings
        return Work(self.settings, SERVER, self.store, self.pairing)

    async def follow(self, work: Work, credential: Credential) -> None:
        self.followed.append(credential.token)
        if self.fails:
            raise self.fails.pop(0)
        if credential.token in self.refused:
            raise NotPaired("the server refuses this device")
        self.at_work += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work -= 1

    @property
    def last_trouble(self) -> tuple[Trouble, str] | None:
        return self.reporter.told[-1] if self.reporter.told else None


@asynccontextmanager
async def running_lifecycle(world: World, look_seconds: float = 0.01) -> AsyncIterator[asyncio.Task[None]]:
    lifecycle = AgentLifecycle(world.read_work, world.follow, world.reporter, world.controls, look_seconds)
    task = asyncio.create_task(lifecycle.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_paired_agent_works():
    world = World(Store(credential()))

    async with running_lifecycle(world) as task:
        await eventually(lambda: world.at_work == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert world.at_work == 0
    assert not world.reporter.told


async def test_without_a_token_nothing_is_done_until_there_is_one():
    world = World()

    async with running_lifecycle(world):
        await eventually(lambda: world.store.looks > 2)
        before = list(world.followed)
        world.store.kept = credential()
        await eventually(lambda: world.at_work == 1)

    assert before == []
    assert world.last_trouble == (Trouble.NOT_PAIRED, "this Mac is not paired; run: assistant-agent pair")


async def test_a_refused_token_is_not_shown_again_and_a_new_one_is_taken():
    world = World(Store(credential("old")), refused={"old"})

    async with running_lifecycle(world):
        await eventually(lambda: world.store.looks > 3)
        before = list(world.followed)
        world.store.kept = credential("new")
        await eventually(lambda: world.at_work == 1)

    assert before == ["old"]
    assert world.followed == ["old", "new"]
    assert world.last_trouble == (
        Trouble.NOT_PAIRED,
        "the server refuses this device; pair again: assistant-agent pair",
    )


async def test_a_token_that_was_renewed_and_then_refused_is_the_refused_one():
    world = World(Store(credential("old")))

    async def renew_then_fail(work: Work, given: Credential) -> None:
        world.followed.append(given.token)
        work.store.save(replace(given, token="renewed"))
        raise NotPaired("the server refuses this device")

    world.follow = renew_then_fail  # type: ignore[method-assign,assignment]
    async with running_lifecycle(world):
        await eventually(lambda: world.store.looks > 3)

    assert world.followed == ["old"]


async def test_a_token_for_another_server_goes_nowhere():
    world = World(Store(credential(server="https://b.example")))

    async with running_lifecycle(world):
        await eventually(lambda: world.store.looks > 2)

    assert world.followed == []
    assert world.last_trouble is not None
    assert "is for https://b.example" in world.last_trouble[1]


async def test_asking_for_a_sync_looks_for_a_token_at_once():
    world = World()

    async with running_lifecycle(world, look_seconds=3600):
        await eventually(lambda: bool(world.reporter.told))
        world.store.kept = credential()
        world.controls.sync_now()
        await eventually(lambda: world.at_work == 1)


async def test_a_closed_keychain_is_told_and_asked_rarely():
    world = World(Store(closed=True))

    async with running_lifecycle(world):
        await eventually(lambda: bool(world.reporter.told))
        looks = world.store.looks
        world.store.closed, world.store.kept = False, credential()
        world.controls.sync_now()
        await eventually(lambda: world.at_work == 1)

    assert looks == 1
    assert world.reporter.told[0] == (Trouble.NOT_PAIRED, "no keychain can be used here")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (CannotRead("no permission"), Trouble.CANNOT_READ),
        (ServerAway("no answer"), Trouble.SERVER_AWAY),
        (AgentError("refused the data"), Trouble.FAILED),
        (UsageError("--ca-file cannot be read"), Trouble.FAILED),
    ],
)
async def test_what_goes_wrong_is_told_and_tried_again(error: AgentError, what: Trouble):
    world = World(Store(credential()), fails=[error, error])

    async with running_lifecycle(world):
        await eventually(lambda: world.at_work == 1)

    assert world.reporter.told == [(what, str(error))] * 2


async def test_new_settings_are_taken_up():
    world = World(Store(credential()))

    async with running_lifecycle(world):
        await eventually(lambda: world.at_work == 1)
        world.settings = Settings(server=SERVER, exclude=("+12025550150",))
        await eventually(lambda: len(world.followed) == 2)
        await eventually(lambda: world.at_work == 1)


async def test_wrong_settings_are_told_and_the_last_good_ones_go_on():
    world = World(Store(credential()))

    async with running_lifecycle(world):
        await eventually(lambda: world.at_work == 1)
        world.settings = UsageError("agent.toml: `interval` must be a number")
        await eventually(lambda: bool(world.reporter.told))
        at_work = world.at_work
        world.settings = Settings(server=SERVER)
        await eventually(lambda: world.reporter.wells == 1)

    assert at_work == 1
    assert world.reporter.told[0] == (Trouble.WRONG_SETTING, "agent.toml: `interval` must be a number")


async def test_wrong_settings_at_the_start_are_waited_out():
    world = World(Store(credential()), UsageError("agent.toml: no"))

    async with running_lifecycle(world):
        await eventually(lambda: bool(world.reporter.told))
        world.settings = Settings(server=SERVER)
        await eventually(lambda: world.at_work == 1)


async def test_a_token_that_somebody_forgets_is_not_used_any_longer():
    world = World(Store(credential()))

    async with running_lifecycle(world):
        await eventually(lambda: world.at_work == 1)
        world.store.forget()
        world.pairing += 1
        await eventually(lambda: world.at_work == 0 and bool(world.reporter.told))

    assert world.last_trouble is not None
    assert world.last_trouble[0] is Trouble.NOT_PAIRED


async def test_an_error_that_nobody_foresaw_ends_it():
    world = World(Store(credential()), fails=[ZeroDivisionError()])

    async with running_lifecycle(world) as task:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(asyncio.shield(task), 30)
