"""Reads what gets a number in a typedstream besides objects: classes and C strings."""

from typing import Any, Final

from agent.chatdb.typedstream.attributed_text import Opaque
from agent.chatdb.typedstream.classes import ArchivedClass, KnownClasses
from agent.chatdb.typedstream.errors import Malformed
from agent.chatdb.typedstream.primitives import FIRST_LITERAL, NEW, NIL, Primitives

_LONGEST_CLASS_NAME: Final = 255


class CString:
    """A C string has a number, as objects have, but is none."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


class NumberedReader(Primitives):
    """A position in a blob, and what has a number so far: `objects` holds plain values, ArchivedClass and CString."""

    __slots__ = ("_classes", "objects")

    # Set by the class that is made: one call less for each of a million blobs.
    objects: list[Any]
    _classes: KnownClasses

    def new_class(self) -> ArchivedClass:
        """Read a class that gets a number, then its superclass, up to one that has a number already or to nil."""
        blob, start = self.blob, self.position
        description = self._classes.descriptions.get(blob[start : start + 3 + blob[start + 2]])
        if description and blob.startswith(description.content, start):
            end = start + len(description.content)
            if blob[end] >= FIRST_LITERAL and self.objects[blob[end] - FIRST_LITERAL] is self._classes.root:
                self.position = end + 1
                self.strings += description.names
                self.objects += description.classes
                return description.classes[0]
        return self._undescribed_class()

    def _undescribed_class(self) -> ArchivedClass:
        new: list[tuple[bytes, int]] = []
        while self.skips(NEW):
            new.append((self.shared_string(), self.signed()))
        superclass = None if self.skips(NIL) else self.known_class()
        created: list[ArchivedClass] = []
        for name, version in reversed(new):
            superclass = self._classes.get(name, version, superclass) or _unknown_class(name)
            created.append(superclass)
        self.objects += reversed(created)
        return created[-1]

    def known_class(self) -> ArchivedClass:
        """Read a reference to a class."""
        archived = self.objects[self.reference()]
        if type(archived) is not ArchivedClass:
            raise Malformed
        return archived

    def class_value(self) -> Opaque | None:
        """Read a class that is a value, or nil."""
        if self.skips(NIL):
            return None
        archived = self.new_class() if self.blob[self.position] == NEW else self.known_class()
        return archived.opaque

    def c_string(self) -> bytes | None:
        """Read a shared string that gets a number among the objects as well, a reference to one, or nil."""
        head = self.blob[self.position]
        if head == NEW:
            self.position += 1
            content = self.shared_string()
            self.objects.append(CString(content))
            return content
        if head == NIL:
            self.position += 1
            return None
        known = self.objects[self.reference()]
        if not isinstance(known, CString):
            raise Malformed
        return known.content


def _unknown_class(name: bytes) -> ArchivedClass:
    if len(name) > _LONGEST_CLASS_NAME:
        raise Malformed
    return ArchivedClass(name.decode("ascii", "replace"))
