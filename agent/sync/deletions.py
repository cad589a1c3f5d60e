"""Brings deletions to the server, and messages back that were taken out of Recently Deleted again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from agent.chatdb.reader import MessagesReader
from agent.client import ServerClient
from agent.reporting import Summary
from agent.sync.old_rows import OldRows
from agent.sync.progress import Progress
from agent.sync.retry_policy import RetryPolicy

_AT_ONCE: Final = 5_000  # the contract's limits
_MAX_GUID: Final = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and whether only a comparison of everything can tell the rest."""

    summary: Summary
    needs_check: bool = False


class Deletions:
    """A message counts as deleted when the database says so and does not have it (any more)."""

    def __init__(self, client: ServerClient, retry_policy: RetryPolicy, old_rows: OldRows) -> None:
        self._client = client
        self._retry_policy = retry_policy
        self._old_rows = old_rows
        self._recent: set[str] | None = None
        self._digest = ""

    def forget(self) -> None:
        """Know nothing of what was in Recently Deleted before."""
        self._recent = None

    def begin(self, reader: MessagesReader, progress: Progress) -> None:
        """Take everything that was deleted so far as settled: the server has nothing yet."""
        self._recent = set(reader.deletions.recent_rows.values())
        progress.cursor = replace(
            progress.cursor,
            deletions=reader.deletions.end(),
            recently_deleted=reader.deletions.recent_digest(),
        )

    async def send(self, reader: MessagesReader, progress: Progress) -> Outcome:
        """Delete what was deleted since the cursor. Raises ServerAway after the last try."""
        summary = await self._send_final(reader, progress)
        recent = await self._send_recent(reader, progress)
        return Outcome(summary + recent.summary, recent.needs_check)

    async def _send_final(self, reader: MessagesReader, progress: Progress) -> Summary:
        deleted = 0
        while (found := reader.deletions.after(progress.cursor.deletions or ())) is not None:
            progress.cursor = replace(progress.cursor, deletions=found.position)
            alive = reader.alive(found.guids)
            deleted += await self._delete([guid for guid in found.guids if guid not in alive], progress)
        return Summary(deleted=deleted)

    async def _send_recent(self, reader: MessagesReader, progress: Progress) -> Outcome:
        self._digest = reader.deletions.recent_digest()
        now = set(reader.deletions.recent_rows.values())
        before, self._recent = self._recent, now
        if self._digest == progress.cursor.recently_deleted:
            return Outcome(Summary())
        # What lies there was deleted; of what left meanwhile a process that was not there knows nothing.
        unwatched = before is None and progress.cursor.recently_deleted != ""
        returned = reader.messages(sorted((before or set()) - now), progress.read_up_to)
        summary = await self._old_rows.send_unknown(reader, progress, returned)
        summary += Summary(deleted=await self._delete(sorted(now - (before or set()))))
        # Only now may the cursor say that what left is back: who breaks off before this has to look again.
        if not unwatched:
            self.settle(progress)
        return Outcome(summary, needs_check=unwatched)

    def settle(self, progress: Progress) -> None:
        """Take what `send` found in Recently Deleted, and what had left it, as settled."""
        progress.cursor = replace(progress.cursor, recently_deleted=self._digest)

    async def _delete(self, guids: Sequence[str], progress: Progress | None = None) -> int:
        """Delete messages, and have the cursor kept with them where progress is given."""
        guids = [guid for guid in guids if 0 < len(guid) <= _MAX_GUID and "\0" not in guid]  # others were never sent
        deleted = 0
        for start in range(0, len(guids), _AT_ONCE):
            part, is_last = guids[start : start + _AT_ONCE], start + _AT_ONCE >= len(guids)
            # The cursor goes with the last part only: it says that all of them are gone.
            cursor = progress.cursor.to_text() if progress is not None and is_last else ""
            deleted += await self._retry_policy.run(partial(self._client.delete, part, cursor))
            if progress is not None and is_last:
                progress.kept = cursor
        return deleted
