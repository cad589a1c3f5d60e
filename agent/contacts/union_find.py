"""Sets that grow together: what is the same as something is the same as all that is the same as it."""

from collections.abc import Iterable


class UnionFind:
    """Disjoint sets of texts, each known by its least member."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, members: Iterable[str]) -> None:
        """Make one set of the sets of these."""
        first: str | None = None
        for member in members:
            if first is None:
                first = self.least(member)
                continue
            a, b = sorted((first, self.least(member)))
            self._parents[b] = first = a

    def least(self, member: str) -> str:
        """The least member of the set; the member itself when it stands alone."""
        root = member
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(member, member)) != root:
            self._parents[member], member = root, parent
        return root
