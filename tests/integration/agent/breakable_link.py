"""A wire between the agent and the server that breaks after so many bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class BreakableLink:
    """Forwards everything both ways; breaks each connection that used up the next entry of `break_after`."""

    target: int
    break_after: list[int] = field(default_factory=list)
    port: int = 0
    breaks: int = 0
    sent: int = 0
    """Bytes that came from the agent, however far they got."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Break every connection there is."""
        for writer in self._open:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except ConnectionError:
            writer.transport.abort()  # nobody is there at the moment
            return
        self._open |= {writer, to_writer}
        limit = self.break_after.pop(0) if self.break_after else None
        back = asyncio.create_task(self._forward(to_reader, writer, None))
        self._tasks.add(back)
        try:
            await self._forward(reader, to_writer, limit, count=True)
        finally:
            back.cancel()
            for end in (writer, to_writer):
                end.transport.abort()
            self._open -= {writer, to_writer}

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None, *, count: bool = False
    ) -> None:
        passed = 0
        try:
            while data := await source.read(65_536):
                passed += len(data)
                self.sent += len(data) if count else 0
                if limit is not None and passed > limit:
                    self.breaks += 1
                    return
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            return


@asynccontextmanager
async def breakable_link(target: int, break_after: list[int]) -> AsyncIterator[BreakableLink]:
    """Open a link to a port of this machine."""
    link = BreakableLink(target, break_after)
    server = await asyncio.start_server(link.accept, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
