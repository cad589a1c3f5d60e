"""The unprivileged user that PostgreSQL runs as when the stack is started by root, which PostgreSQL refuses."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

# The first that exists. An operator who wants the data apart from other daemons creates the first one.
CANDIDATES = ("conversation-assistant", "postgres", "nobody")


@dataclass(frozen=True)
class SystemUser:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def ids(self) -> tuple[int, int]:
        """The numbers of the user and of its group."""
        return self.uid, self.gid

    def own(self, path: Path) -> None:
        """Give a file or directory to this user."""
        os.chown(path, self.uid, self.gid)


def database_user() -> SystemUser | None:
    """Return the user to run PostgreSQL as, or None to run it as the current one."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        f"PostgreSQL does not run as root, and none of the users {', '.join(CANDIDATES)} exists: "
        "create one with `useradd --system conversation-assistant`, or run the stack as an ordinary user"
    )


def first_closed_directory(path: Path, user: SystemUser) -> Path | None:
    """Return the topmost directory on the way to `path` that `user` cannot enter, or None.

    Only mode bits are looked at: an access list that opens a directory is not seen.
    """
    for directory in [*reversed(path.absolute().parents), path.absolute()]:
        if not directory.is_dir():
            return None
        status = directory.stat()
        if status.st_uid == user.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == user.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return directory
    return None
