"""What makes set-up do a step again."""

from scripts.setup.stamp import Stamp, digest, files_digest


def test_a_stamp_holds_only_the_key_it_was_last_written_with(tmp_path):
    stamp = Stamp(tmp_path / "state" / "packages")
    assert not stamp.holds("one")

    stamp.write("one")
    assert stamp.holds("one")
    assert not stamp.holds("two")

    stamp.clear()
    assert not stamp.holds("one")


def test_the_borders_between_texts_count():
    assert digest("ab", "c") != digest("a", "bc")


def test_a_renamed_file_is_a_change(tmp_path):
    before = tmp_path / "before.ts"
    before.write_text("same")
    first = files_digest([before], tmp_path)
    after = before.rename(tmp_path / "after.ts")

    assert files_digest([after], tmp_path) != first
