"""The decoder of attributedBody: right or silent, never wrong."""

import pytest
import typedstream  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from agent.chatdb.typedstream import decode_text
from stack.demo_data.typedstream_writer import attributed_body

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def oracle(blob: bytes) -> str | None:
    """What an independent decoder makes of the blob; None where it fails."""
    try:
        archived = typedstream.unarchive_from_data(blob)
        contents = archived.contents[0].value.value
    except Exception:  # it has no single error for a blob that is broken
        return None
    return contents if isinstance(contents, str) else None


@pytest.mark.parametrize("mutable", [False, True])
@pytest.mark.parametrize(
    "text",
    ["", "a", "x" * 127, "x" * 128, "x" * 32_767, "x" * 32_768, "y" * 70_000, "שלום 👋🏽", "a\nb\tc", "ↄ is E2 86 84"],
    ids=lambda text: f"{len(text)} {text[:6]!r}",
)
def test_texts_of_every_length_form_come_back(text: str, mutable: bool):
    blob = attributed_body(text, mutable=mutable)

    assert decode_text(blob) == text == oracle(blob)


@given(texts, st.booleans())
def test_any_text_comes_back(text: str, mutable: bool):
    blob = attributed_body(text, mutable=mutable, split_at=(len(text) // 2,))

    assert decode_text(blob) == text == oracle(blob)


@given(texts, st.booleans(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
@example("a" * 200, False, [(5, 0)])
def test_a_mutated_blob_gives_the_text_that_it_holds_or_none(text: str, mutable: bool, changes: list[tuple[int, int]]):
    blob = bytearray(attributed_body(text, mutable=mutable))
    for position, value in changes:
        blob[position % len(blob)] = value

    decoded = decode_text(bytes(blob))

    expected = oracle(bytes(blob))
    assert decoded is None or expected is None or decoded == expected


@given(st.binary(max_size=400))
def test_noise_is_never_text(noise: bytes):
    assert decode_text(noise) is None


@given(st.binary(max_size=200))
def test_noise_behind_a_true_beginning_raises_nothing(noise: bytes):
    beginning = attributed_body("")[:22]

    decode_text(beginning + noise)


@pytest.mark.parametrize("mutable", [False, True])
def test_a_blob_cut_inside_its_text_gives_none(mutable: bool):
    text = "Grüße aus Łódź, ↄ и 日本語 🙂"
    blob = attributed_body(text, mutable=mutable)
    end = blob.index(text.encode()) + len(text.encode())

    assert {decode_text(blob[:length]) for length in range(end + 1)} == {None}


@pytest.mark.parametrize("too_short", range(1, 30))
def test_a_length_that_is_too_short_is_noticed_even_where_the_text_holds_the_end_mark(too_short: int):
    text = "ↄↄↄↄↄↄↄↄↄↄ"  # each character ends in the bytes 86 84, an object's end and a new one's beginning
    blob = bytearray(attributed_body(text))
    blob[blob.index(text.encode()) - 1] -= too_short

    assert decode_text(bytes(blob)) is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_text_in_utf_16_behind_its_mark_is_read(encoding: str):
    content = "\ufeffHéllo 🙂".encode(encoding)
    blob = attributed_body("x").replace(b"\x01x\x86", bytes([len(content)]) + content + b"\x86")

    assert decode_text(blob) == "Héllo 🙂"


def test_a_length_of_four_gigabytes_gives_none():
    blob = attributed_body("x").replace(b"\x01x\x86", b"\x82\xff\xff\xff\xff" + b"x\x86")

    assert decode_text(blob) is None


def test_another_class_than_an_attributed_string_gives_none():
    blob = attributed_body("x").replace(b"NSAttributedString", b"NSAttributedStrung")

    assert decode_text(blob) is None
