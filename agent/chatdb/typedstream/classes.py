"""The classes of a typedstream, and which of them are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.chatdb.typedstream.attributed_text import Opaque

if TYPE_CHECKING:
    from agent.chatdb.typedstream.reader import Reader


class ArchivedClass:
    """A class, and how to read what its objects hold, as a plain value; those without `read` are passed over."""

    __slots__ = ("is_leaf", "opaque", "read")

    def __init__(self, name: str, read: Callable[[Reader], Any] | None = None, *, is_leaf: bool = False) -> None:
        self.opaque = Opaque(name)
        self.read = read
        self.is_leaf = is_leaf  # it is read, and holds no objects


class Description(NamedTuple):
    """The bytes that describe a class and its superclasses below NSObject, if none of them has been met before."""

    content: bytes
    names: list[bytes]
    classes: list[ArchivedClass]


class KnownClasses:
    """Classes, each told by its name, its version and its superclass."""

    def __init__(self) -> None:
        self.root = ArchivedClass("NSObject")
        self.descriptions: dict[bytes, Description] = {}
        """By what they begin with, up to the end of the class's own name."""
        self._by_key: dict[tuple[bytes, int, ArchivedClass | None], ArchivedClass] = {(b"NSObject", 0, None): self.root}

    def get(self, name: bytes, version: int, superclass: ArchivedClass | None) -> ArchivedClass | None:
        """Return the class that is meant, if it is known."""
        return self._by_key.get((name, version, superclass))

    def define(
        self, archived: ArchivedClass, *, version: int = 0, superclass: ArchivedClass | None = None
    ) -> ArchivedClass:
        """Add a class; without a superclass it is one of NSObject."""
        name = archived.opaque.class_name.encode()
        self._by_key[name, version, superclass or self.root] = archived
        start = b"\x84\x84%c%b" % (len(name), name)
        above = self._description_of(superclass)
        self.descriptions[start] = Description(
            b"%b%c%b" % (start, version, above.content), [name, *above.names], [archived, *above.classes]
        )
        return archived

    def _description_of(self, archived: ArchivedClass | None) -> Description:
        for description in self.descriptions.values():
            if description.classes[0] is archived:
                return description
        return Description(b"", [], [])
