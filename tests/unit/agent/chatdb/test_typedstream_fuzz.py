"""A short run of the fuzzer, with the same blobs each time. See tests/fuzz_typedstream for a long one."""

from tests.fuzz_typedstream.fuzz import fuzz


def test_broken_blobs_raise_nothing_and_give_no_other_text_than_an_independent_decoder():
    report = fuzz(20_000, seed=20_261_124)

    assert report.asked == report.outcomes.total() == 20_000
    assert report.outcomes["text and runs equal"] > 500
    assert report.outcomes["a damaged text for us, none for the oracle"] > 5_000
