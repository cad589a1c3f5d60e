"""Which sequences are free, and what those that are not in use still hold."""

from llama_worker.engine.backend import Span
from llama_worker.engine.sequences import Sequences, common_prefix
from tests.unit.llama_worker.scripted import ScriptedBackend


def filled(backend: ScriptedBackend, sequences: Sequences, tokens: list[int]) -> int:
    """A sequence that holds these tokens."""
    sequence = sequences.take()
    backend.decode([Span(sequence, 0, tokens, output=False)])
    return sequence


def test_the_lowest_free_sequence_comes_first():
    sequences = Sequences(ScriptedBackend(sequences=4))

    taken = [sequences.take() for _ in range(4)]
    for sequence in (2, 0, 3):
        sequences.release(sequence)

    assert taken == [0, 1, 2, 3]
    assert [sequences.take(), sequences.take()] == [0, 2]
    assert sequences.available == 1


def test_the_same_key_continues_the_common_prefix():
    backend = ScriptedBackend()
    sequences = Sequences(backend)
    held = filled(backend, sequences, [1, 2, 3, 4])
    sequences.keep("ana", held, [1, 2, 3, 4])

    assert sequences.resume("ben", [1, 2, 3, 4, 5], 4) is None
    assert sequences.resume("ana", [1, 2, 3, 9, 9], 4) == (held, 3)
    assert backend.cache[held] == [1, 2, 3]
    assert sequences.resume("ana", [1, 2, 3], 2) is None, "it is in use"


def test_without_a_common_prefix_nothing_is_resumed():
    backend = ScriptedBackend()
    sequences = Sequences(backend)
    held = filled(backend, sequences, [1, 2])
    sequences.keep("ana", held, [1, 2])

    assert sequences.resume("ana", [3, 4], 1) is None
    assert backend.cache[held] == []
    assert sequences.available == 4


def test_at_least_one_token_is_left_to_feed():
    backend = ScriptedBackend()
    sequences = Sequences(backend)
    held = filled(backend, sequences, [1, 2, 3])
    sequences.keep("ana", held, [1, 2, 3])

    assert sequences.resume("ana", [1, 2, 3], 2) == (held, 2)


def test_a_model_that_cannot_rewind_resumes_only_the_whole():
    backend = ScriptedBackend()
    backend.can_cut = False
    sequences = Sequences(backend)
    for key, tokens in (("ana", [1, 2, 3]), ("ben", [4, 5, 6])):
        sequences.keep(key, filled(backend, sequences, tokens), tokens)

    assert sequences.resume("ana", [1, 2, 9], 2) is None
    resumed = sequences.resume("ben", [4, 5, 6, 7], 3)

    assert resumed is not None
    assert backend.cache[resumed[0]] == [4, 5, 6]
    assert backend.cache[0] == []


def test_when_all_are_taken_the_longest_unused_one_is_evicted():
    backend = ScriptedBackend(sequences=2)
    sequences = Sequences(backend)
    for key, tokens in (("ana", [1, 2]), ("ben", [3, 4])):
        sequences.keep(key, filled(backend, sequences, tokens), tokens)

    sequences.take()

    assert sequences.resume("ana", [1, 2, 9], 2) is None
    assert sequences.resume("ben", [3, 4, 9], 2) is not None


def test_a_conversation_that_is_kept_again_replaces_itself():
    backend = ScriptedBackend()
    sequences = Sequences(backend)
    older, newer = filled(backend, sequences, [1, 2]), filled(backend, sequences, [1, 2, 3])
    sequences.keep("ana", older, [1, 2])
    sequences.keep("ana", newer, [1, 2, 3])

    assert backend.cache[older] == []
    assert sequences.resume("ana", [1, 2, 3, 4], 3) == (newer, 3)


def test_residents_leave_cells_to_others_but_not_the_one_that_is_wanted():
    backend = ScriptedBackend()
    sequences = Sequences(backend)
    for key, tokens in (("ana", [1] * 10), ("ben", [2] * 10), ("cleo", [3] * 10)):
        sequences.keep(key, filled(backend, sequences, tokens), tokens)

    sequences.evict_to(10, but="ana")

    assert sequences.resume("ben", [2] * 11, 10) is None
    assert sequences.resume("cleo", [3] * 11, 10) is not None
    assert sequences.resume("ana", [1] * 11, 10) is not None


def test_an_evicted_sequence_is_restored_from_the_hosts_memory():
    backend = ScriptedBackend(sequences=1)
    sequences = Sequences(backend, spill_bytes=100)
    sequences.keep("ana", filled(backend, sequences, [1, 2, 3]), [1, 2, 3])
    sequences.release(sequences.take())
    assert sequences.spilled_bytes == 30

    resumed = sequences.resume("ana", [1, 2, 3, 4], 3)

    assert resumed == (0, 3)
    assert backend.cache[0] == [1, 2, 3]
    assert sequences.spilled_bytes == 0


def test_spilled_bytes_have_a_limit_and_the_longest_unused_is_dropped_first():
    backend = ScriptedBackend(sequences=1)
    sequences = Sequences(backend, spill_bytes=70)
    for key, tokens in (("ana", [1] * 3), ("ben", [2] * 3), ("cleo", [3] * 3), ("dora", [4] * 8)):
        sequences.keep(key, filled(backend, sequences, tokens), tokens)
    sequences.release(sequences.take())

    assert sequences.spilled_bytes == 60
    assert sequences.resume("ana", [1] * 4, 3) is None
    assert sequences.resume("dora", [4] * 9, 8) is None, "it was more than there is room for at all"
    assert sequences.resume("cleo", [3] * 4, 3) == (0, 3)


def test_after_the_context_is_gone_only_what_was_spilled_is_left():
    backend = ScriptedBackend(sequences=2)
    sequences = Sequences(backend, spill_bytes=100)
    for key, tokens in (("ana", [1, 2]), ("ben", [3, 4])):
        sequences.keep(key, filled(backend, sequences, tokens), tokens)
    sequences.evict()

    sequences.on_context_reset()
    backend.reset()

    assert sequences.available == 2
    assert sequences.resume("ben", [3, 4, 5], 2) is None
    assert sequences.resume("ana", [1, 2, 5], 2) is not None


def test_how_far_two_begin_alike():
    assert common_prefix([1, 2, 3], [1, 2, 4], 9) == 2
    assert common_prefix([1, 2, 3], [1, 2, 3], 2) == 2
    assert common_prefix([], [1], 1) == 0
