"""Sequence ids are handed out lowest first."""

from inference_svc.worker.engine.sequences import SequenceAllocator


def test_the_lowest_free_id_comes_first():
    sequences = SequenceAllocator(4)
    assert sequences.take(3) == [0, 1, 2]

    sequences.give_back(1)
    sequences.give_back(0)

    assert sequences.take(2) == [0, 1]
    assert sequences.free == 1
