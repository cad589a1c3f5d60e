"""The owner's first password: made once, told once, then known to the owner alone. The demo keeps it, to show it again."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from stack.credentials import write_private

# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4


@dataclass(frozen=True)
class OwnerPassword:
    """The password of the first account, as far as this installation still knows it."""

    directory: Path

    @property
    def file(self) -> Path:
        """Where the password is until the owner has seen it."""
        return self.directory / "owner-password"

    @property
    def _told(self) -> Path:
        return self.directory / "owner-password-was-told"

    def for_this_start(self, chosen: str | None) -> str | None:
        """Return the password to make the first account with, or None when the owner has been told it at an earlier start.

        It stays in its file until it has been told, so that a start cut short loses nothing.
        """
        if self.file.exists():
            return self.file.read_text().strip()
        if self._told.exists():
            return None
        password = chosen or new_password()
        write_private(self.file, password + "\n")
        return password

    def was_told(self) -> None:
        """Forget the password: it was shown, or the owner chose it."""
        write_private(self._told, "")
        self.file.unlink(missing_ok=True)


def new_password() -> str:
    """Return a password of 79 bits that can be read out loud."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
