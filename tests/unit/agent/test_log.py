"""The log is small, private, and says no message."""

import stat
from pathlib import Path

from agent.log import bound_crash_log, open_log, place_of


def test_the_log_stays_small_for_ever(tmp_path: Path):
    path = tmp_path / "logs" / "agent.log"
    logger = open_log(path, file_bytes=10_000)

    for number in range(5_000):
        logger.info("line %d", number)

    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["agent.log", "agent.log.1", "agent.log.2", "agent.log.3"]
    assert sum(file.stat().st_size for file in files) <= 40_000
    assert path.read_text().endswith("line 4999\n")
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for handler in logger.handlers:
        handler.close()


def test_what_launchd_appends_to_is_emptied_when_it_is_large(tmp_path: Path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text("x" * 50)
    large.write_text("x" * 500)

    for path in (small, large, tmp_path / "missing"):
        bound_crash_log(path, 100)

    assert (small.stat().st_size, large.stat().st_size) == (50, 0)


def test_an_unexpected_error_is_told_without_its_text():
    try:
        int("the message of a friend")
    except ValueError as error:
        place = place_of(error)

    assert place.startswith("ValueError at test_log.py:")
    assert "friend" not in place
