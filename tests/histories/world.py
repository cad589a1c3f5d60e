"""A real sync_svc and a real PostgreSQL as processes that can be killed, and a wire to them that can be cut."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc

from stack.checkout import ROOT
from stack.embedded.postgres import STOP_SIGNAL, PostgresInstance
from stack.launcher import tied_command
from stack.ports import free_port, is_taken
from svc_kit.clients import channel_to
from svc_kit.migrations.runner import migrate
from tests.conftest import DatabaseAddress, role_password
from tests.deadline import eventually
from tests.histories.model import Seen, seen_on_server
from tests.integration.agent.breakable_link import BreakableLink, breakable_link
from tests.sync_service import INTERNAL_KEY, DeviceService, DraftingService, serving_peers

_DATABASE = "histories"


@dataclass(repr=False)
class World:
    """The servers. Each history has an account of its own in it."""

    postgres: PostgresInstance
    devices: DeviceService
    device_port: int
    directory: Path
    link: BreakableLink = field(default_factory=lambda: BreakableLink(0))
    sync_port: int = field(default_factory=free_port)
    kills: int = 0
    _processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "World()"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # hypothesis would print everything that has happened in it

    async def start_database(self) -> None:
        """Start PostgreSQL on its data as they are, and wait until it answers."""
        self.postgres.prepare()
        self._start("postgres", self.postgres.command())
        await eventually(self.postgres.is_ready, 60)

    async def start_server(self) -> None:
        """Start sync_svc, and wait until it listens."""
        database = self.database.as_service("sync")
        variables = {
            **database.environment,
            "SYNC_SVC_LISTEN": f"127.0.0.1:{self.sync_port}",
            "DEVICE_SVC_ADDRESS": f"127.0.0.1:{self.device_port}",
            "ASSISTANT_INTERNAL_KEY": INTERNAL_KEY,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
        }
        self._start("sync_svc", tied_command([sys.executable, "-m", "sync_svc"]), variables)
        await eventually(lambda: is_taken("127.0.0.1", self.sync_port), 60)

    @property
    def database(self) -> DatabaseAddress:
        """The one database."""
        return DatabaseAddress(
            self.postgres.host, self.postgres.port, self.postgres.user, self.postgres.owner_password, _DATABASE
        )

    async def kill_server(self) -> None:
        """Kill sync_svc as nothing can be refused, and start it again."""
        await self._kill("sync_svc")
        await self.start_server()

    async def kill_database(self) -> None:
        """Kill every process of PostgreSQL, and start it again."""
        await self._kill("postgres")
        await self.start_database()

    async def stop(self) -> None:
        """End what runs."""
        for name, stop_signal in (("sync_svc", signal.SIGTERM), ("postgres", STOP_SIGNAL)):
            if process := self._processes.pop(name, None):
                process.send_signal(stop_signal)
                process.wait(20)

    def token(self, account: UUID, device: UUID) -> str:
        """A device's token."""
        return self.devices.token(account, "device", device)

    async def seen(self, account: UUID) -> tuple[dict[str, Seen], set[frozenset[str]]]:
        """All messages that the owner sees, and which chats are one conversation."""
        token = self.devices.token(account, "owner", account)
        metadata = (("authorization", f"Bearer {token}"),)
        messages: dict[str, Seen] = {}
        conversations: set[frozenset[str]] = set()
        async with channel_to(f"127.0.0.1:{self.sync_port}") as channel:
            stub = conversations_pb2_grpc.ConversationsServiceStub(channel)
            listing = conversations_pb2.ListConversationsRequest(page_size=200)
            for conversation in (await stub.ListConversations(listing, metadata=metadata, timeout=30)).conversations:
                chats = {chat.chat_id: chat.imessage_id for chat in conversation.chats}
                conversations.add(frozenset(chat.imessage_id for chat in conversation.chats if chat.message_count))
                asked = conversations_pb2.ListMessagesRequest(
                    conversation_id=conversation.conversation_id, page_size=200
                )
                count = 0
                while True:
                    page = await stub.ListMessages(asked, metadata=metadata, timeout=30)
                    for message in page.messages:
                        assert message.imessage_guid not in messages, "a message is shown twice"
                        messages[message.imessage_guid] = seen_on_server(message, chats)
                    count += len(page.messages)
                    if not page.next_page_token:
                        break
                    asked.page_token = page.next_page_token
                assert count == conversation.message_count, "a conversation miscounts its messages"
        return messages, conversations

    def _start(self, name: str, command: list[str], variables: dict[str, str] | None = None) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **(variables or {})},
            )

    async def _kill(self, name: str) -> None:
        process = self._processes.pop(name)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait(20)
        psutil.wait_procs(children, 20)
        self.kills += 1


@asynccontextmanager
async def running_world(directory: Path) -> AsyncIterator[World]:
    """All of it, with durable writes: what a killed database has acknowledged must be there afterwards."""
    postgres = PostgresInstance(directory / "postgres-that-dies", free_port(), "owner-password-of-a-test")
    # What sync_svc never calls is UNIMPLEMENTED.
    devices, drafts = DeviceService(), DraftingService()  # type: ignore[abstract]
    async with serving_peers(devices, drafts) as device_port:
        world = World(postgres, devices, device_port, directory)
        try:
            await world.start_database()
            await migrate(world.database.settings, {"sync": role_password("sync")})
            await world.start_server()
            async with breakable_link(world.sync_port, []) as link:
                world.link = link
                yield world
        finally:
            await world.stop()


def new_account() -> tuple[UUID, UUID]:
    """An account and a device of it."""
    return uuid4(), uuid4()
