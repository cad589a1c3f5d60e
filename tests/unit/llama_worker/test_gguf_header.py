"""Headers of GGUF files, whole and damaged."""

import random
from pathlib import Path

import pytest

from llama_worker.llama.gguf_header import HeaderUnreadable, LongArray, read_header
from llama_worker.llama.model_shape import Layer, ModelShape, shape_of
from tests.unit.llama_worker.gguf_file import gguf_bytes, small_model, write_gguf

TENSORS = {"token_embd.weight": 96, "blk.0.ffn.weight": 64, "blk.1.ffn.weight": 32, "output_norm.weight": 32}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def shape(file: Path, tensors: dict[str, int] | None = None, **changes: object) -> ModelShape | None:
    return shape_of(read_header(write_gguf(file, small_model(**changes), TENSORS if tensors is None else tensors)))


def test_metadata_and_sizes_are_read(file: Path):
    metadata = {"a": 7, "b": True, "c": "words", "d": [1, -2], "e": ["x", "yz"], "f": [0] * 5000, "g": 0.5}

    header = read_header(write_gguf(file, metadata, {"one": 5, "two": 64}))

    assert header.metadata == {
        "a": 7,
        "b": True,
        "c": b"words",
        "d": (1, -2),
        "e": LongArray(2),
        "f": LongArray(5000),
        "g": 0.5,
    }
    # With what fills it up to the next.
    assert header.tensors == {"one": 32, "two": 64}


def test_a_shape_has_layers_ends_and_counts(file: Path):
    assert shape(file) == ModelShape(
        # 2 heads of 64/8 numbers, keys and values, 2 bytes each.
        layers=(Layer(64, 64), Layer(32, 64)),
        input_weights=96,
        output_weights=32,
        table_is_output=True,
        vocabulary=3,
        embedding=64,
        feed_forward=256,
    )


def test_head_sizes_that_the_file_names_count(file: Path):
    found = shape(file, attention__key_length=128, attention__value_length=96)

    assert found is not None
    assert found.layers[0].cell == 2 * (128 + 96) * 2


def test_layers_may_differ(file: Path):
    found = shape(file, attention__head_count_kv=[0, 4], feed_forward_length=[100, 300])

    assert found is not None
    assert [layer.cell for layer in found.layers] == [0, 4 * 16 * 2]
    assert found.feed_forward == 300


def test_without_grouped_heads_each_head_keeps_its_own(file: Path):
    found = shape(file, attention__head_count_kv=None)

    assert found is not None
    assert found.layers[0].cell == 8 * 16 * 2


def test_a_model_without_attention_keeps_nothing_per_token(file: Path):
    found = shape(file, attention__head_count=None, attention__head_count_kv=None)

    assert found is not None
    assert found.layers[0].cell == 0


def test_an_output_tensor_of_its_own_is_recognized(file: Path):
    found = shape(file, {**TENSORS, "output.weight": 64})

    assert found is not None
    assert (found.table_is_output, found.output_weights) == (False, 96)


def test_one_file_of_several_says_too_little(file: Path):
    write_gguf(file, small_model() | {"split.count": 3}, TENSORS)

    assert shape_of(read_header(file)) is None


@pytest.mark.parametrize("key", ["block_count", "embedding_length"])
def test_what_is_missing_is_named(file: Path, key: str):
    with pytest.raises(HeaderUnreadable, match=f"{key} is missing"):
        shape(file, **{key: None})


def test_a_file_without_tensors_weighs_nothing(file: Path):
    found = shape(file, {})

    assert found is not None
    assert (found.layers[0].weights, found.input_weights, found.output_weights) == (0, 0, 0)


@pytest.mark.parametrize("heads", [[1], [1, -1]])
def test_a_list_that_is_not_one_count_for_each_layer_is_refused(file: Path, heads: list[int]):
    with pytest.raises(HeaderUnreadable, match="not a count for each layer"):
        shape(file, attention__head_count_kv=heads)


def test_an_absurd_number_of_layers_is_refused(file: Path):
    with pytest.raises(HeaderUnreadable, match="block_count is no count"):
        shape(file, block_count=2_000_000_000)


def test_words_where_a_count_belongs_are_refused(file: Path):
    with pytest.raises(HeaderUnreadable, match="block_count is no count"):
        shape(file, block_count="two")


def test_a_file_cut_anywhere_in_its_header_is_refused(file: Path):
    whole = gguf_bytes(small_model(), TENSORS)
    header_size = len(whole) - sum(TENSORS.values())
    for end in range(header_size - 32):
        file.write_bytes(whole[:end])
        with pytest.raises(HeaderUnreadable):
            read_header(file)


def test_a_file_cut_before_its_last_tensor_is_refused(file: Path):
    file.write_bytes(gguf_bytes(small_model(), TENSORS)[:-100])

    with pytest.raises(HeaderUnreadable, match="ends before its last tensor"):
        read_header(file)


def test_no_damage_gives_anything_but_a_refusal(file: Path):
    whole = gguf_bytes(small_model(attention__head_count_kv=[1, 2]), TENSORS)
    chance = random.Random(3)  # noqa: S311
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        file.write_bytes(damaged)
        try:
            shape_of(read_header(file))
        except HeaderUnreadable:
            continue
