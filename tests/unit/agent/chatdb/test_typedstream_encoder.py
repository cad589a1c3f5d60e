"""What the encoder of the demo and the tests makes, the decoder and an independent one read alike."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.chatdb.typedstream import AttributedText, Run, decode, decode_text
from stack.demo_data.typedstream_writer import Url, Value, attributed_body
from tests.fuzz_typedstream.blobs import FIRST_PART, GOLDEN, PART, START, whole
from tests.fuzz_typedstream.check import check

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
scalars = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.binary(max_size=200)
    | st.none()
    | st.builds(Url, st.sampled_from(["https://example.com/", "tel:+15550100"]))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)
attributes = st.dictionaries(st.sampled_from(["__kIMLinkAttributeName", "k", "ключ"]), values).map(
    lambda entries: {**entries, PART: 0}
)


@st.composite
def texts_with_runs(draw: st.DrawFn) -> tuple[str, list[tuple[int, dict[str, Value]]]]:
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6))) if len(text) > 1 else []
    bounds = [0, *cuts, len(text)] if text else []
    kinds = draw(st.lists(attributes, min_size=1, max_size=3))
    return text, [(end - start, draw(st.sampled_from(kinds))) for start, end in pairwise(bounds)]


def expected(text: str, runs: list[tuple[int, dict[str, Value]]]) -> AttributedText:
    found: list[Run] = []
    position = 0
    for length, given_attributes in runs:
        part = text[position : position + length]
        position += length
        units = len(part.encode("utf-16-le")) // 2
        found.append(Run(found[-1].start + found[-1].length if found else 0, units, given_attributes))
    is_plain = len(found) == 1 and found[0].attributes == {PART: 0}
    return AttributedText(text, () if is_plain else tuple(found), False)


@given(texts_with_runs(), st.booleans())
def test_any_text_with_any_attributes_comes_back(
    written: tuple[str, list[tuple[int, dict[str, Value]]]], mutable: bool
):
    text, runs = written
    blob = attributed_body(text, mutable=mutable, runs=runs)

    assert decode(blob) == expected(text, runs)
    assert decode_text(blob) == text
    assert check(blob) == "text and runs equal"


@given(texts, st.booleans())
def test_any_text_in_two_pieces_comes_back(text: str, mutable: bool):
    cut = len(text) // 2
    blob = attributed_body(text, mutable=mutable, split_at=(cut,))

    assert decode(blob) == expected(text, [(length, {PART: 0}) for length in (cut, len(text) - cut) if length])
    assert check(blob) == "text and runs equal"


@pytest.mark.parametrize("mutable", [False, True])
@pytest.mark.parametrize(
    "text",
    ["", "a", "x" * 127, "x" * 128, "x" * 32_767, "x" * 32_768, "y" * 70_000, "שלום 👋🏽", "a\nb\tc", "ↄ is E2 86 84"],
    ids=lambda text: f"{len(text)} {text[:6]!r}",
)
def test_texts_of_every_length_form_come_back(text: str, mutable: bool):
    blob = attributed_body(text, mutable=mutable)

    assert decode(blob) == whole(text)
    assert check(blob) == "text and runs equal"


def test_a_plain_text_is_the_very_blob_that_messages_writes():
    assert attributed_body("Hello") == GOLDEN[0].blob
    assert attributed_body("Hello", mutable=True) == GOLDEN[1].blob
    assert attributed_body("") == START + b"\x00\x86\x86"


def test_equal_attributes_share_a_run_id_and_are_written_once():
    blob = attributed_body("abc", runs=[(1, {PART: 0}), (1, {PART: 1}), (1, {PART: 0})])

    assert blob == START + b"\x03abc\x86\x84\x02iI\x01\x01" + FIRST_PART + (
        b"\x97\x02\x01\x92\x84\x98\x99\x01\x92\x99\x92\x84\x9b\x9c\x9d\x99\x01\x86\x86\x97\x01\x01\x86"
    )


def test_one_is_neither_true_nor_a_whole_float():
    blob = attributed_body("abc", runs=[(1, {"k": 1}), (1, {"k": True}), (1, {"k": 1.0})])

    decoded = decode(blob)

    assert decoded is not None
    assert [run.attributes["k"] for run in decoded.runs] == [1, 1, 1.0]
    assert len({id(run.attributes) for run in decoded.runs}) == 3


def test_a_run_belongs_to_the_part_before_it_unless_it_names_another():
    blob = attributed_body("a\ufffcbc", runs=[(1, {}), (1, {PART: 1, "k": "v"}), (1, {PART: 2}), (1, {"k": "v"})])

    decoded = decode(blob)

    assert decoded is not None
    assert [run.attributes[PART] for run in decoded.runs] == [0, 1, 2, 2]


def test_runs_must_be_as_long_as_the_text():
    with pytest.raises(ValueError, match="not as long as the text"):
        attributed_body("abc", runs=[(2, {})])


def test_a_number_of_more_than_32_bits_has_eight_bytes_which_the_oracle_does_not_know():
    big: dict[str, Any] = {"k": [2**31, -(2**31) - 1, 2**63 - 1, -(2**63)], PART: 0}
    blob = attributed_body("x", runs=[(1, big)])

    assert decode(blob) == whole("x", (0, 1, big))
    assert check(blob) == "more for us: a number of eight bytes"


def test_many_objects_are_referred_to_by_longer_numbers():
    many: dict[str, Any] = {"k": [str(number) for number in range(33_000)] + ["0", "150", "32999"], PART: 0}
    blob = attributed_body("x", runs=[(1, many)])

    assert decode(blob) == whole("x", (0, 1, many))
    assert check(blob) == "text and runs equal"
