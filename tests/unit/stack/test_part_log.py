"""The output of a part on disk."""

import errno
import os

from stack.supervisor.part_log import KEPT_FILES, PartLog


def test_a_log_does_not_grow_without_end(tmp_path):
    log = PartLog(tmp_path, "part", max_bytes=100)

    for number in range(200):
        log.write_line(f"line {number}\n".encode())
    log.close()

    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + KEPT_FILES
    assert max(file.stat().st_size for file in files) <= 100
    assert (tmp_path / "part.log").read_text().endswith("line 199\n")


def test_the_newest_lines_are_at_hand(tmp_path):
    log = PartLog(tmp_path, "part")

    for number in range(50):
        log.write_line(f"line {number}\n".encode())
    log.close()

    assert log.last_lines()[-1] == "line 49"
    assert len(log.last_lines()) == 15


def test_a_new_run_appends(tmp_path):
    for _ in range(2):
        log = PartLog(tmp_path, "part")
        log.write_line(b"without an end")
        log.close()

    assert (tmp_path / "part.log").read_text() == "without an end\nwithout an end\n"


def test_only_its_owner_can_read_a_log(tmp_path):
    PartLog(tmp_path, "part").close()

    assert (tmp_path / "part.log").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_loses_lines_and_raises_nothing(tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = PartLog(tmp_path, "part")
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "write", fails)
        log.write_line(b"lost\n")
    log.write_line(b"kept\n")
    log.close()

    assert log.last_lines() == ["lost", "kept"]
    assert log.path.read_text() == "kept\n"


def test_a_log_that_cannot_be_put_aside_goes_on(tmp_path, monkeypatch):
    log = PartLog(tmp_path, "part", max_bytes=10)
    log.write_line(b"the first line\n")
    with monkeypatch.context() as read_only:
        read_only.setattr("pathlib.Path.rename", lambda *_: os.close(-1))
        log.write_line(b"lost\n")
    log.write_line(b"kept\n")
    log.close()

    assert log.path.read_text() == "kept\n"
    assert log.path.with_name("part.log.1").read_text() == "the first line\n"
