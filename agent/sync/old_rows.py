"""Sends rows again that are not new: changed ones, and those that got their chat late."""

from collections.abc import Callable, Iterable

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Message, Reading
from agent.reporting import Summary
from agent.sync.delivery import Delivery
from agent.sync.limits import SyncLimits
from agent.sync.progress import Progress
from agent.sync.requests import requests_of


class OldRows:
    """Every write is an upsert by GUID and state hash, so sending a row once too often changes nothing."""

    def __init__(self, delivery: Delivery, limits: SyncLimits) -> None:
        self._delivery = delivery
        self._limits = limits

    async def send_unknown(self, reader: MessagesReader, progress: Progress, readings: Iterable[Reading]) -> Summary:
        """Send what the server does not have: it is no news where it is old. Raises ServerAway after the last try."""
        late_before = reader.newest_date(progress.read_up_to) - self._limits.late_ns
        return await self._send(readings, lambda message: message.sent_at < late_before)

    async def _send(self, readings: Iterable[Reading], is_late: Callable[[Message], bool] | None = None) -> Summary:
        described: set[str] = set()
        requests = [
            request
            for reading in readings
            if reading.messages
            for request in requests_of(reading, described, is_late=is_late)
        ]
        return await self._delivery.send(requests)

    async def send_held(self, reader: MessagesReader, progress: Progress) -> Summary:
        """Send rows that have got their chat by now, and those that have waited long enough without one."""
        held = progress.held.rows()
        if not held:
            return Summary()
        overdue = progress.held.overdue()
        waiting = [rowid for rowid in held if rowid not in overdue]
        readings = reader.rows(waiting, hold_from=0)
        without_chat = {rowid for reading in readings for rowid in reading.held}
        readings += reader.rows(overdue)
        summary = await self.send_unknown(reader, progress, readings)
        progress.held.release([rowid for rowid in held if rowid not in without_chat])
        progress.cursor = progress.cursor.at(reader.place_at(progress.safe_row(progress.read_up_to)))
        return summary

    async def send_changed(self, reader: MessagesReader, progress: Progress, most: int) -> Summary:
        """Send recent rows that look different from when they were last sent, at most the newest so many."""
        states = reader.states_since(progress.recent_from, progress.read_up_to)[-most:]
        held = set(progress.held.rows())
        changes = progress.window.changes(state for state in states if state.rowid not in held)
        readings = reader.rows(changes.rowids) + reader.messages(changes.guids, progress.read_up_to, held)
        summary = await self._send(readings)
        progress.window.replace(state for state in states if state.rowid not in held)
        return summary
