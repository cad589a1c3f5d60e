"""Which chats are one conversation to a person: somebody's addresses and services, a group under several GUIDs.

Messages makes a chat for each. The chats stay apart in everything that is sent; only a key says which belong together, and
it is the same on every Mac that knows the same people.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

from agent.contacts.people import People
from agent.contacts.union_find import UnionFind


class _ChatRow(Protocol):
    @property
    def rowid(self) -> int: ...
    @property
    def identifier(self) -> str | None: ...
    @property
    def display_name(self) -> str | None: ...
    @property
    def group_id(self) -> str | None: ...
    @property
    def original_group_id(self) -> str | None: ...
    @property
    def is_group(self) -> bool: ...


class MergeKeys:
    """The keys of all chats."""

    def __init__(
        self,
        people: People,
        participants: Mapping[int, Sequence[str]],
        rows: Iterable[_ChatRow],
        lookups: Iterable[tuple[str, int]],
    ) -> None:
        self._people = people
        self._own: dict[int, str] = {}
        self._sets = UnionFind()
        groups = set()
        for row in rows:
            if row.is_group:
                groups.add(row.rowid)
                self._add_group(row, participants.get(row.rowid, ()))
            elif row.identifier:
                self._own[row.rowid] = f"d:{people.person_of(row.identifier)}"
        self._join_lookups(lookups, groups)

    def key_of(self, rowid: int) -> str:
        """The key of a chat; empty when it stands alone for certain."""
        own = self._own.get(rowid, "")
        return self._sets.least(own) if own else ""

    def _add_group(self, row: _ChatRow, participants: Sequence[str]) -> None:
        ids = [f"i:{one}" for one in (row.group_id, row.original_group_id) if one]
        persons = sorted({self._people.person_of(handle) for handle in participants})
        if len(persons) > 1:
            # The name counts: the same people may well have two groups.
            content = "\0".join([row.display_name or "", *persons]).encode()
            ids.append(f"g:{blake2b(content, digest_size=12).hexdigest()}")
        if ids:
            self._own[row.rowid] = ids[-1]
            self._sets.join(ids)

    def _join_lookups(self, lookups: Iterable[tuple[str, int]], groups: set[int]) -> None:
        """Newer systems list the identifiers of each chat: two chats with one identifier are one conversation."""
        by_identifier: dict[tuple[str, bool], list[str]] = {}
        for identifier, rowid in lookups:
            if rowid in self._own:
                by_identifier.setdefault((identifier, rowid in groups), []).append(self._own[rowid])
        for keys in by_identifier.values():
            self._sets.join(keys)
