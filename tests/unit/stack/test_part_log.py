"""The output of a part on disk."""

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
